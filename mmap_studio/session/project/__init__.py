"""A project on disk: its file, lock and autosave."""
