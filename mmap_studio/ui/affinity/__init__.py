"""The affinity heatmap."""
