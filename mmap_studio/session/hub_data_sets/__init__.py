"""Data sets of the Hugging Face hub, by name: what there is, the download, where they are kept."""
