"""The backbones that are measured, by name; importing it loads no torch."""

VIT = "ViT-B-16:random"
SIGLIP = "ViT-B-16-SigLIP2"
