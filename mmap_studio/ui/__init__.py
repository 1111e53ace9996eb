"""The window: draws the state that `session` keeps and sends the user's intent back. A room a view, and shared ones."""
