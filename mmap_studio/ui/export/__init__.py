"""Figures and files exported from the views, and copies to the clipboard."""
