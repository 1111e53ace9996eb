"""Methods on frozen features: each image is encoded once, and training takes seconds on a CPU.

Left out: what the publications search on labelled or test images (strengths by bisection, Tip-Adapter's a and b,
CLAP's adaptive multipliers, which its own scripts switch off), as the one rule of choice is for all; augmented views
(20 of CLAP, 10 of Tip-Adapter), as all read the same features; RAIL's random expansion and TaskRes's enhanced base, as
their files say.
"""
