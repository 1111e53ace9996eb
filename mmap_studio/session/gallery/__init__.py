"""Finding images, by a text, by an image, or by the tags that a user gave them."""
