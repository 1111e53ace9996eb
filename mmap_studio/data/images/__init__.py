"""From the bytes of an image to pixels: decoding, resizing, and sets of images."""
