"""The map of image features."""
