"""Backbones: names, architectures, pretrained weights, downloads, loading."""
