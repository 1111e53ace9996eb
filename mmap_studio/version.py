"""The version of the program, for the package root and for everything below it."""

__version__ = "0.1.0"
