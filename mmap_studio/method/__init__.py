"""The paper: prompts, affinity, grouping, training. Torch and numpy; knows no file, no thread, no Qt."""
