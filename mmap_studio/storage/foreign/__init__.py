"""What somebody handed over and no library is trusted with: read by a child process with limits."""
