"""The rules of a comparison: what a trial trains on and is tested on, how both become one figure, and for how long."""
