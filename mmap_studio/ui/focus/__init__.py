"""Where the keyboard focus is: the line around it, its order, and buttons that do not lose it."""
