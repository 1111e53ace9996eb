"""Methods on frozen features: each image is encoded once, and training takes seconds on a CPU."""
