"""The torture run: what the suite tries a few times, thousands of times. `python -m tests.torture [--fast]`."""
