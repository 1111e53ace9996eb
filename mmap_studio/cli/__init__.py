"""The command line: one file a command group, and nothing heavy imported before a command needs it."""
