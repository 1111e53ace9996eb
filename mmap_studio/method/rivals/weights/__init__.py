"""Methods that change CLIP's own weights: low-rank updates, norms, biases, or all of them.

What is trained makes other values for some weights, and the towers are computed with these in the place of the frozen
ones; there is no copy of CLIP.
"""
