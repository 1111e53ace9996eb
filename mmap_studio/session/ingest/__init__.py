"""From folders, archives and tables to a project."""
