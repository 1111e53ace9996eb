"""Commands that look after the installation: the cache, and the self-test."""
