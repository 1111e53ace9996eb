"""Images on disk become tasks and batches (Pillow)."""
