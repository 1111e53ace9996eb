"""The window: draws the state that `session` keeps and sends the person's intent back. One file a view."""
