"""The panels of tasks, settings and log."""
