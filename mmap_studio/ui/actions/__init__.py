"""Actions: the catalogue, shortcuts, and the searchable palette."""
