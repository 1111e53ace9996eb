"""Selected cells of a table as text with tabs, for a spreadsheet."""

from PySide6.QtWidgets import QTableView


def selected_text(table: QTableView) -> str:
    """Rows and columns in the order they are shown; a cell between them that is not selected is empty."""
    header = table.horizontalHeader()
    cells = {
        (one.row(), header.visualIndex(one.column())): "" if one.data() == "–" else str(one.data())
        for one in table.selectedIndexes()
        if not table.isColumnHidden(one.column())
    }
    rows, columns = sorted({row for row, _ in cells}), sorted({column for _, column in cells})
    return "\n".join("\t".join(cells.get((row, column), "") for column in columns) for row in rows)
