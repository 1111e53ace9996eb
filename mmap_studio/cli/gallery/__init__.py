"""Commands on a project's images: search and tags."""
