"""A data set of the Hugging Face hub by name: its size and licence, then the download."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QProgressBar, QWidget

from mmap_studio.errors import InputError
from mmap_studio.formatting import size
from mmap_studio.session.download.transfer import Downloaded, Downloading
from mmap_studio.session.hub_data_sets.address import PREFIX, address_of
from mmap_studio.session.hub_data_sets.data_set import HubDataSet, LookedUp, fetch, looked_up
from mmap_studio.session.runtime.job import BackgroundJob, Finished, State
from mmap_studio.ui.kit.controls import described, line_edit, push_button, row
from mmap_studio.ui.kit.dialog import lay_out, sized
from mmap_studio.ui.kit.panel import label

TICK = 100
"""Milliseconds between two polls of the download."""
ABOUT = (
    "A folder of it is OWNER/NAME/FOLDER, another version OWNER/NAME@REVISION. What is downloaded is kept, and read "
    "without a network from then on."
)


class HubDialog(QDialog):
    """`path` is the folder of the data set once the dialog is accepted; closing it stops a download."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Data set from the hub")
        self.path = ""
        self._found: HubDataSet | None = None
        self._job = BackgroundJob(on_thread=lambda: None)
        self._timer = QTimer(self, interval=TICK)
        self._timer.timeout.connect(self._poll)
        example = "OWNER/NAME, such as flwrlabs/office-home"
        self.name = line_edit("Data set", "Its name on the Hugging Face hub", placeholder=example)
        self.look = push_button("&Look up", "Ask the hub for its size and licence; nothing is downloaded yet")
        self.note = label(ABOUT, "muted", "What the hub has", wrap=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.bar = described(QProgressBar(), "Download")
        self.fetch = push_button("&Download", "Download what an import reads; a partial download is continued")
        self.stop = push_button("&Stop", "Stop the download; the next one continues from there")
        close = push_button("&Close", "Close without a data set")
        close.clicked.connect(self.reject)
        lay_out(
            self, row(self.name, self.look, stretch=[self.name]), self.note, self.bar,
            row(None, self.stop, self.fetch, close), stretch=self.note,
        )  # fmt: skip
        sized(self, 560, 210)
        self.name.textEdited.connect(self._forget)
        self.name.returnPressed.connect(self._go_on)
        self.look.clicked.connect(self._look_up)
        self.fetch.clicked.connect(self._download)
        self.stop.clicked.connect(self._job.stop)
        self._update()

    def done(self, result: int) -> None:
        """Stop a download, however the dialog is closed; its partial files are kept."""
        self._timer.stop()
        self._job.stop()
        self._job.join(1.0)
        super().done(result)

    def _go_on(self) -> None:
        (self._look_up if self._found is None else self._download)()

    def _look_up(self) -> None:
        if self._job.busy or not self.name.text().strip():
            return
        try:
            address = address_of(PREFIX + self.name.text().strip().removeprefix(PREFIX))
        except InputError as error:
            self.note.setText(str(error))
            return
        self.note.setText("Asking the hub…")
        self._job.start(lambda stop: looked_up(address))
        self._timer.start()
        self._update()

    def _download(self) -> None:
        found = self._found
        if found is not None and not self._job.busy:
            self._job.start(lambda stop: fetch(found, stop))
            self._timer.start()
            self._update()

    def _poll(self) -> None:
        for letter in self._job.mailbox.drain():
            event = letter.event
            if isinstance(event, LookedUp):
                self._found = event.found
                self.note.setText(event.found.sentence)
            elif isinstance(event, Downloading) and event.size:
                self.bar.setRange(0, 1000)
                self.bar.setValue(1000 * event.received // event.size)
                self.bar.setFormat(f"{size(event.received)} of {size(event.size)} from {event.host}")
            elif isinstance(event, Downloaded):
                self.path = str(event.path)
            elif isinstance(event, Finished):
                self._timer.stop()
                if event.state is not State.DONE:
                    self.note.setText(event.message or "Stopped; the next download continues from there.")
        if self.path and not self._job.busy:
            self.accept()
        self._update()

    def _forget(self) -> None:
        """What was looked up is of another name."""
        self._found = None
        self.note.setText(ABOUT)
        self._update()

    def _update(self) -> None:
        busy = self._job.busy
        self.name.setEnabled(not busy)
        self.look.setEnabled(not busy and bool(self.name.text().strip()) and self._found is None)
        self.fetch.setEnabled(not busy and self._found is not None)
        (self.fetch if self._found is not None else self.look).setDefault(True)
        self.stop.setVisible(busy)
        self.bar.setVisible(busy and self._found is not None)
