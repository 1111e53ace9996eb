"""What makes the bundled starter; not part of the installed package."""
