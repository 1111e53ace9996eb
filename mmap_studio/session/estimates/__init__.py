"""Memory, time and trainable parameters of a run before and while it runs."""
