"""Groupings of tasks: the value, its score from an affinity matrix, and the search for the best one."""
