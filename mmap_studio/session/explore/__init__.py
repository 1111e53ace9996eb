"""The map of image features and the selection of images."""
