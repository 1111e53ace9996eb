"""The Runs view: recorded runs side by side."""
