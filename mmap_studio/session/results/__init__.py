"""Results of runs: the table, its exports, and what earlier runs left."""
