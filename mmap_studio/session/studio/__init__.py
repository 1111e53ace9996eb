"""The window's state without Qt: the project, the board, the job, and what is known."""
