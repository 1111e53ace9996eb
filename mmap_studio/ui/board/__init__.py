"""The grouping board: columns, cards, drag and drop."""
