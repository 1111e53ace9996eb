"""Theme, icons, fields and other parts that every view uses."""
