"""The main window: header, commands, status bar, and the presenters that feed the views."""
