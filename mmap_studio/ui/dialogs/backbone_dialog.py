"""The dialog of backbones: a table with their cost on this machine, downloads, and weights from a file."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSortFilterProxyModel, Qt, QTimer
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QDialog, QFileDialog, QHeaderView, QProgressBar, QTableView, QWidget

from mmap_studio.formatting import number, short_count, size
from mmap_studio.session.backbones.catalogue import WORKLOAD, BackboneOption
from mmap_studio.session.backbones.download import download
from mmap_studio.session.download.transfer import Downloaded, Downloading
from mmap_studio.session.runtime.job import BackgroundJob, Finished, State
from mmap_studio.ui.kit.controls import described, line_edit, push_button, quiet_table, row
from mmap_studio.ui.kit.dialog import lay_out, sized
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text

COLUMNS = ("Name", "Licence", "Installed", "Prompts", "Parameters", "Image", "File", "Memory", "s/step")
TICK = 100
"""Milliseconds between two polls of the download."""
FILES = "Weights (*.safetensors *.pt *.pth *.bin *.ckpt);;open_clip config (*.json)"
_VALUE = Qt.ItemDataRole.UserRole


class BackboneDialog(QDialog):
    """`chosen` is the name of the backbone once the dialog is accepted; closing it stops a download."""

    def __init__(self, now: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Backbone")
        self.chosen = now
        self._choices: dict[str, BackboneOption] = {}
        self._job = BackgroundJob(on_thread=lambda: None)
        self._timer = QTimer(self, interval=TICK)
        self._timer.timeout.connect(self._poll)
        tip, example = "Part of a name; only the backbones that contain it are listed", "Search, such as B-16 or openai"
        self.search = line_edit("Search for a backbone", tip, placeholder=example)
        self.table = self._table()
        self.bar = described(QProgressBar(), "Download")
        self.note = label(f"In use: {now}. Listing the backbones…", "muted", "State of the backbones", wrap=True)
        self.use = push_button("&Use", "Use the selected backbone; it must be installed")
        self.fetch = push_button("&Download", "Download the selected backbone; a partial download is continued")
        self.file = push_button("From a &file…", "Weights for the selected architecture, or a config with its weights")
        self.stop = push_button("&Stop", "Stop the download; the next one continues from there")
        close = push_button("&Close", "Close without a change")
        close.clicked.connect(self.reject)
        self.use.setDefault(True)
        buttons = row(self.file, self.fetch, self.stop, None, self.use, close)
        lay_out(self, self.search, self.table, self.note, self.bar, buttons)
        sized(self, 1000, 600)
        self.search.textChanged.connect(self._shown.setFilterFixedString)
        self.table.selectionModel().selectionChanged.connect(self._explain)
        self.table.selectionModel().selectionChanged.connect(self._update_buttons)
        self.table.doubleClicked.connect(self._use)
        self.use.clicked.connect(self._use)
        self.fetch.clicked.connect(self._download)
        self.file.clicked.connect(self._use_file)
        self.stop.clicked.connect(self._job.stop)
        self._update_buttons()

    def show_choices(self, choices: Sequence[BackboneOption]) -> None:
        self._choices = {one.name: one for one in choices}
        self._model.setRowCount(0)
        for one in choices:
            self._model.appendRow(_row(one))
        for place, one in enumerate(choices):
            if one.name == self.chosen:
                self.table.selectRow(self._shown.mapFromSource(self._model.index(place, 0)).row())
        self._explain()
        self._update_buttons()

    def show_failure(self, error: BaseException) -> None:
        """Say why the list could not be made; a file can still be chosen."""
        self.note.setText(f"Could not list the backbones: {error}")

    def done(self, result: int) -> None:
        """Stop a download, however the dialog is closed; its partial file is kept."""
        self._timer.stop()
        self._job.stop()
        self._job.join(1.0)
        super().done(result)

    @property
    def current(self) -> BackboneOption | None:
        rows = self.table.selectionModel().selectedRows()
        return self._choices.get(rows[0].data()) if rows else None

    def _explain(self) -> None:
        """Say what a backbone does not take; of one that takes everything what the columns mean."""
        one = self.current
        if said := one.architecture.capability.sentence(one.name) if one else "":
            self.note.setText(f"{said} All that needs no prompts there works: zero-shot, probes, heads, the map.")
            return
        self.note.setText(
            f"In use: {self.chosen}. Memory and s/step are estimates for {WORKLOAD}, in float32 on this CPU. "
            "~ is the size of the parameters in float32, for a file that is not on this computer."
        )

    def _use(self) -> None:
        one = self.current
        if one is not None and (one.installed is not None or one.name == "starter"):
            self.chosen = one.name
            self.accept()

    def _use_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Weights, or a config with its weights beside it", filter=FILES)
        one = self.current
        if path.endswith(".json"):
            self.chosen = path
            self.accept()
        elif path and one is not None and one.name != "starter":
            self.chosen = f"{one.architecture.name}:{path}"
            self.accept()
        elif path:
            self.note.setText(f"Select the architecture of {path} in the list, then choose the file again.")

    def _download(self) -> None:
        one = self.current
        if one is not None and one.pretrained is not None:
            weights = one.pretrained
            self._job.start(lambda stop: download(weights, stop))
            self._timer.start()
            self._update_buttons()

    def _poll(self) -> None:
        for letter in self._job.mailbox.drain():
            event = letter.event
            if isinstance(event, Downloaded):
                self._show_downloaded(event)
            elif isinstance(event, Finished):
                self._timer.stop()
                if event.state is not State.DONE:
                    self.note.setText(event.message or "Stopped; the next download continues from there.")
            elif isinstance(event, Downloading) and event.size:
                self.bar.setRange(0, 1000)
                self.bar.setValue(1000 * event.received // event.size)
                self.bar.setFormat(f"{size(event.received)} of {size(event.size)} from {event.host}")
        self._update_buttons()

    def _show_downloaded(self, event: Downloaded) -> None:
        here = self._choices[event.name] = replace(self._choices[event.name], installed=event.path)
        for place in range(self._model.rowCount()):
            if self._model.item(place, 0).text() == event.name:
                for column, cell in enumerate(_row(here)):
                    self._model.setItem(place, column, cell)
        self.note.setText(f"{event.name} was downloaded to {event.path}.")

    def _update_buttons(self) -> None:
        one, busy = self.current, self._job.busy
        here = one is not None and (one.installed is not None or one.name == "starter")
        self.use.setEnabled(here and not busy)
        self.fetch.setEnabled(one is not None and one.pretrained is not None and not here and not busy)
        self.file.setEnabled(not busy)
        self.stop.setVisible(busy)
        self.bar.setVisible(busy)

    def _table(self) -> QTableView:
        self._model = QStandardItemModel(0, len(COLUMNS), self)
        self._model.setHorizontalHeaderLabels(list(COLUMNS))
        for column in range(len(COLUMNS)):
            self._model.horizontalHeaderItem(column).setTextAlignment(_side(column))
        self._shown = QSortFilterProxyModel(self)
        self._shown.setSourceModel(self._model)
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._shown.setFilterKeyColumn(0)
        self._shown.setSortRole(_VALUE)
        made = QTableView()
        made.setModel(self._shown)
        tip = "Arrow keys select, a click on a header sorts, Return uses the selected backbone if installed"
        quiet_table(made, "Backbones", tip)
        made.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        made.setSortingEnabled(True)
        made.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        made.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        made.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        return made


def _side(column: int) -> Qt.AlignmentFlag:
    return (Qt.AlignmentFlag.AlignRight if column > 3 else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter


def _file(one: BackboneOption) -> str:
    """The size of the file of weights; ~ where it is computed from the parameters."""
    return "–" if one.file_bytes is None else f"{'' if one.installed else '~'}{size(one.file_bytes)}"


def _row(one: BackboneOption) -> list[QStandardItem]:
    weights, about, seconds = one.pretrained, one.architecture, one.estimate.seconds
    here = "yes" if one.installed or one.name == "starter" else "no" if weights else "no weights known"
    cells: list[tuple[str, str | float]] = [
        (one.name, one.name),
        (one.licence or "–", ""),
        (here, here),
        (about.capability.prompts, about.capability.prompts),
        (short_count(about.parameters), about.parameters),
        (f"{about.image_size} px", about.image_size),
        (_file(one), one.file_bytes or 0),
        (size(one.estimate.memory_bytes), one.estimate.memory_bytes),
        (number(seconds, 2) if seconds else "–", seconds or 0.0),
    ]
    items = []
    for column, (text, value) in enumerate(cells):
        item = QStandardItem(text)
        item.setData(value or text, _VALUE)
        item.setToolTip(as_text(text if column < 2 else about.capability.why if column == 3 else ""))
        item.setTextAlignment(_side(column))
        items.append(item)
    return items
