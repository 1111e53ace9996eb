"""The arrangement of the views in docks."""
