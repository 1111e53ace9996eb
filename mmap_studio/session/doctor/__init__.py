"""The self-test: whether this installation and this computer can do the work, and what to do where they cannot."""
