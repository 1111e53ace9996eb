"""Threads, processor and memory: the background job, the mailbox, the background runner."""
