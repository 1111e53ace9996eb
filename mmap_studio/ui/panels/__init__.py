"""The panels for tasks, settings and log."""
