"""Affinity: which task helps which, by look-ahead steps; and the mean of many measurements."""
