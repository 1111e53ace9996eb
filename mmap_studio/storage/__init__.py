"""Bytes: caches, prompt folders, run records. Numpy in and out."""
