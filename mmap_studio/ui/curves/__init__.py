"""Curves of losses and validation accuracy."""
