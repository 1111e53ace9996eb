"""A project's images: tasks, classes, splits, decoded pixels."""
