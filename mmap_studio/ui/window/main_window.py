"""The window: header, views or the welcome page, status line; commands by name; the timer that reads the mailbox."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from mmap_studio.errors import StudioError
from mmap_studio.session.project.autosave import Recovered
from mmap_studio.session.project.project import STARTER
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.runtime.job import BUSY, Finished, State
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.actions.registry import Actions
from mmap_studio.ui.actions.shortcuts import Shortcuts
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.kit import log_files, theme
from mmap_studio.ui.kit.dropped import dropped_folders
from mmap_studio.ui.kit.preferences import Preferences
from mmap_studio.ui.kit.questions import ask_stop
from mmap_studio.ui.window import error_dialog
from mmap_studio.ui.window.affinity_order import AffinityOrder
from mmap_studio.ui.window.board_commands import BoardCommands
from mmap_studio.ui.window.focus_ring import FocusRing
from mmap_studio.ui.window.header import Header
from mmap_studio.ui.window.import_commands import ImportCommands
from mmap_studio.ui.window.notice import NoticeBar
from mmap_studio.ui.window.presenter import Conductor
from mmap_studio.ui.window.project_commands import ProjectCommands
from mmap_studio.ui.window.recent import Recent
from mmap_studio.ui.window.run_commands import RunCommands
from mmap_studio.ui.window.status import StatusLine
from mmap_studio.ui.window.tab_order import move_focus
from mmap_studio.ui.window.unsaved_edits import UnsavedEdits
from mmap_studio.ui.window.view_commands import ViewCommands
from mmap_studio.ui.window.welcome import Welcome

SIZE = QSize(1440, 900)
"""Of the first window, where the screen is not smaller."""
TICK_MS = 50
"""The mailbox is read twenty times a second."""
READ_S, SOON_MS = 0.01, 5
"""Seconds that this takes before what else has happened has its turn, and milliseconds until the rest is read."""
EDITS = ("add_tasks", "add_files", "remove_task", "rename_task", "classes", "backbone", "split")
NEEDS_PROJECT = (
    "add_tasks", "add_files", "save", "save_copy", "export", "show_folder", "reset_settings", "measure", "compare",
    "copy_command", "suggest", "suggest_k", "together", "separate", "keep", "rename_task", "classes", "remove_task",
    "backbone", "split", "try",
)  # fmt: skip


class MainWindow(BoardCommands, RunCommands, ProjectCommands, ImportCommands, ViewCommands, QMainWindow):
    """One window on one `Studio`."""

    def __init__(self, studio: Studio, preferences: Preferences | None = None) -> None:
        super().__init__()
        self.frame = self
        self.studio, self.preferences, self.background = studio, preferences or Preferences(), BackgroundRunner()
        self.setWindowTitle("MmAP Studio")
        self.registry = Actions(self, self, Shortcuts(self.preferences))
        self.views, self.header, self.status = Views(studio, self.background.run), Header(self.registry), StatusLine()
        self.welcome = Welcome(self.registry["new"], self.registry["open"])
        self.recent = Recent(self.preferences, self.welcome.recent, self.registry.recent, self.open, self.background)
        self.notice = NoticeBar()
        self._closing, self.focus_ring = False, FocusRing(self)
        self._lay_out()
        self.conductor = Conductor(studio, self.views, self.header, self.status, self.background)
        self._connect()
        self.unsaved = UnsavedEdits(studio, self.notice, self.status, self.do_save_copy)
        self.affinity_order = AffinityOrder(studio, self.views.heatmap, self.notice, self)
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._poll)
        self._tick.start()
        self._mirror()

    def open(self, path: str) -> None:
        """Show a project, or say why not."""
        if not self.unsaved.may_leave(self):
            return
        try:
            self.studio.open(path)
        except StudioError as error:
            error_dialog.tell(self, str(error))
            return
        assert self.studio.project is not None
        self._show_views()
        self.recent.add(STARTER if self.studio.project.built_in else str(self.studio.project.folder))
        self.setWindowTitle(f"{self.studio.project.name} · MmAP Studio")
        self.header.buttons["run"].setFocus()
        self.notice.hide()
        if self.studio.recovered is not None:
            self._offer_recovery(self.studio.recovered)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Folders may be dropped anywhere."""
        folders = dropped_folders(event.mimeData())
        if folders:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            what = "a new project" if self.studio.project is None else "tasks"
            self.status.show_note(f"Drop to make {what} of {', '.join(Path(folder).name for folder in folders)}")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802
        """Nothing was dropped."""
        self.status.show_note("")

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Folders came in; acted on once the drag is over, so that its source is not kept waiting."""
        folders = dropped_folders(event.mimeData())
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.status.show_note("")
        QTimer.singleShot(0, self, lambda: self.take_drop(folders))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Ask once while it trains; then stop, wait without blocking, and close."""
        if not self._closing and not self.unsaved.may_leave(self):
            event.ignore()
            return
        if self.studio.job.busy:
            event.ignore()
            if not self._closing and (self.studio.opening or self._may_stop()):
                self.leave()
            return
        self._tick.stop()
        self.preferences.keep("geometry", self.saveGeometry())
        if self._pages.currentWidget() is self.views:
            self.views.remember(self.preferences)
        self.views.hide_floating()
        self.studio.close()
        self.background.close()
        event.accept()

    def leave(self) -> None:
        """Close without a question; a run is stopped first, and what is finished is kept."""
        self._closing = True
        self.setEnabled(False)  # nothing is begun any more
        self.studio.wind_up()
        self.status.show_phase("Stopping…", True)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802
        """Tab goes as the eye does."""
        middle = self.views.in_reading_order() if self._pages.currentWidget() is self.views else [self.welcome]
        return move_focus(self, [self.header, self.notice, *middle, self.status], forward)

    # ---- inside

    def _show_views(self) -> None:
        """From the welcome page to the docks; only now, so that none floats over the page."""
        if self._pages.currentWidget() is self.views:
            return
        self._pages.setCurrentWidget(self.views)
        self.header.show()
        if not self.views.recall(self.preferences):
            self.views.arrange(self.size())

    def _offer_recovery(self, recovered: Recovered) -> None:
        """Say that the last session died; its edits are here, and can be taken back."""
        choices: dict[str, tuple[str, Callable[[], object], bool]] = {}
        if recovered.began is not None:
            tip = "As the project was when that session began; one step, which Undo brings back"
            choices["Take them back"] = tip, self.studio.take_back, True

        def details() -> None:
            error_dialog.tell(self, recovered.sentence, log_files.crash_report(recovered.process))

        choices["Details"] = "What that session left in the log", details, False
        self.notice.say(recovered.sentence, choices)

    def _may_stop(self) -> bool:
        return ask_stop(self)

    def _poll(self) -> None:
        self.background.poll()
        wait = TICK_MS if self.studio.poll(READ_S) else SOON_MS
        if self._tick.interval() != wait:
            self._tick.setInterval(wait)
        if self._closing and not self.studio.job.busy:
            self.close()

    def _heard(self, event: object) -> None:
        self._mirror()
        if isinstance(event, Finished) and event.state is State.FAILED and not self._closing:
            error_dialog.tell(self, event.message, event.details)

    def _mirror(self) -> None:
        """Actions as the job's state and the history allow."""
        state, board, there = self.studio.state, self.studio.board, self.studio.project is not None
        running, waits = state in BUSY and not self.studio.opening, self.studio.run_waits
        has_tasks = there and bool(len(board.grouping))
        wanted = dict.fromkeys(NEEDS_PROJECT, there)
        wanted |= dict.fromkeys(("run", "measure", "compare"), has_tasks and not running and not waits)
        wanted |= dict.fromkeys(EDITS, there and not running and not waits)  # the run would begin below a dialog
        wanted |= {
            "pause": running and state is State.RUNNING,
            "resume": running and state is State.PAUSED,
            "stop": (running and state is not State.STOPPING) or waits,
            "undo": board.history.undo_label is not None,
            "redo": board.history.redo_label is not None,
            "suggest": has_tasks and self.studio.known.estimate is not None,
            "suggest_k": has_tasks and self.studio.known.estimate is not None,
        }
        wanted |= dict.fromkeys(("new", "open", "starter"), not running)
        if self.header.buttons["run"].hasFocus() and not wanted["run"]:
            self.views.board.setFocus()  # Qt would go on to Export, the next button that can be used
        self.registry.enable(wanted)
        self.header.show_paused(wanted["resume"])
        self.registry["undo"].setText(f"&Undo {board.history.undo_label or ''}".rstrip())
        self.registry["redo"].setText(f"&Redo {board.history.redo_label or ''}".rstrip())

    def _connect(self) -> None:
        views, actions = self.views, self.registry
        self.studio.listen(self._heard)
        self.studio.board.changed.listen(self._mirror)
        self.studio.board.history.changed.listen(self._mirror)
        self.welcome.chosen.connect(self.open)
        views.tasks.use_actions([actions[key] for key in ("rename_task", "classes", "remove_task", "add_tasks")])
        views.tasks.opened.connect(self._show_images)
        views.add.clicked.connect(actions["add_tasks"].trigger)
        views.settings.changed.connect(self._set_settings)
        views.results.opened.connect(self._open_result)
        views.gallery.opened.connect(self.open_image)
        views.board.refused.connect(self.status.show_note)
        views.board.header.count_wanted.connect(self.set_count)
        views.board.task_hovered.connect(self._light_cells)
        views.heatmap.hovered.connect(self._light_cards)
        views.board.task_activated.connect(self._show_images)
        actions["palette"].changed.connect(self._show_hint)
        actions[f"theme_{theme.choice()}"].setChecked(True)
        self._show_hint()

    def _set_settings(self, settings: object) -> None:
        self.studio.set_settings(settings)  # type: ignore[arg-type]
        self._mirror()

    def _show_hint(self) -> None:
        self.status.show_hint(self.registry["palette"].shortcut())

    def _light_cells(self, task: str) -> None:
        self.views.heatmap.light([task] if task else [])

    def _light_cards(self, source: str, recipient: str) -> None:
        self.views.board.light([task for task in (source, recipient) if task])

    def _show_images(self, task: str) -> None:
        self.views.gallery.open(task)
        self.views.show_view(self.views.gallery)

    def _open_result(self, method: str, task: str) -> None:
        self.conductor.results.open(method, task)

    def _lay_out(self) -> None:
        page, self._pages = QWidget(), QStackedWidget()
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(self.views)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(theme.S, theme.XS, theme.S, 0)
        layout.setSpacing(theme.S)
        for widget, weight in ((self.header, 0), (self.notice, 0), (self._pages, 1), (self.status, 0)):
            layout.addWidget(widget, weight)
        self.setCentralWidget(page)
        self.header.hide()
        self.setAcceptDrops(True)
        room = self.screen().availableSize()
        self.resize(SIZE.boundedTo(room))
        if self.size() != SIZE:
            self.setWindowState(Qt.WindowState.WindowMaximized)
        geometry: QByteArray | None = self.preferences.bytes("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        self.registry.add_panels(dock.toggleViewAction() for dock in self.views.docks.values())
