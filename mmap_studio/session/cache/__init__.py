"""The cache of computed artifacts: digests, arrays, read-only access."""
