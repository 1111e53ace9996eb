"""A comparison that somebody watches: its plan, its events, the ledger of its trials, and what they say so far."""
