"""`python -m benchmarks NAME`: ratios measured in one run against the plain way, one JSON line a figure."""
