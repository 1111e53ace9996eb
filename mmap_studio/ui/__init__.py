"""The window: draws the state that `session` keeps and sends the user's intent back. One file a view."""
