"""Comparing methods on a project: a queue of trials, each kept when it is done, and the answer they give."""
