"""The gallery of images."""
