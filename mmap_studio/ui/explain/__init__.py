"""Views that explain: why these groups, and what the words of the field mean."""
