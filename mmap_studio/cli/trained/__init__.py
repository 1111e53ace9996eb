"""Commands that use what was trained: on images, and on another labelled set of them."""
