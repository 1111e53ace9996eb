"""The terminal: what is printed, how a run is followed, and what Ctrl+C does."""
