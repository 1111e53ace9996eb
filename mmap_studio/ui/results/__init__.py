"""The results table and the confusion matrix."""
