"""The editable grouping: state, undo history, suggestions."""
