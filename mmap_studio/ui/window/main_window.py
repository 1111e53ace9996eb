"""The main window: header, views or welcome page, and status line; Qt's events; the timer that polls the studio."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from mmap_studio.errors import StudioError
from mmap_studio.session.events import PastCurves
from mmap_studio.session.project.places import STARTER
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.runtime.job import Finished, State
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.actions.registry import ActionRegistry
from mmap_studio.ui.actions.shortcuts import Shortcuts
from mmap_studio.ui.compare.commands import CompareCommands
from mmap_studio.ui.compare.presenter import ComparePresenter
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.export.clipboard import offer_copies
from mmap_studio.ui.focus.order import move_focus
from mmap_studio.ui.focus.ring import FocusRing
from mmap_studio.ui.images.commands import GalleryCommands
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column
from mmap_studio.ui.kit.dialog import room
from mmap_studio.ui.kit.paths import dropped_data, take_copy, too_many
from mmap_studio.ui.kit.preferences import Preferences
from mmap_studio.ui.kit.questions import ask_stop
from mmap_studio.ui.runs.presenter import RunsPresenter
from mmap_studio.ui.window import error_dialog
from mmap_studio.ui.window.action_state import ActionState
from mmap_studio.ui.window.affinity_choice import AffinityChoice
from mmap_studio.ui.window.board_commands import BoardCommands
from mmap_studio.ui.window.header import Header
from mmap_studio.ui.window.import_commands import ImportCommands
from mmap_studio.ui.window.notice import NoticeBar
from mmap_studio.ui.window.presenter import Presenter
from mmap_studio.ui.window.project_commands import ProjectCommands
from mmap_studio.ui.window.recent_projects import RecentProjects
from mmap_studio.ui.window.recovery import Recovery
from mmap_studio.ui.window.run_commands import RunCommands
from mmap_studio.ui.window.status import StatusLine
from mmap_studio.ui.window.task_commands import TaskCommands
from mmap_studio.ui.window.unread_images import UnreadImages
from mmap_studio.ui.window.unsaved_edits import UnsavedEdits
from mmap_studio.ui.window.view_commands import ViewCommands
from mmap_studio.ui.window.welcome import Welcome

SIZE = QSize(1440, 900)
"""Of the first window, where the screen is not smaller."""
TICK_MS = 50
"""The mailbox is read twenty times a second."""
READ_S, SOON_MS = 0.01, 5
"""Seconds that reading takes before other events have their turn, and milliseconds until the rest is read."""


class MainWindow(QMainWindow):
    """One window on one `Studio`; what its actions do stands in the command objects."""

    def __init__(self, studio: Studio, preferences: Preferences | None = None) -> None:
        super().__init__()
        self.setWindowTitle("MmAP Studio")
        self.studio, self.preferences, self.background = studio, preferences or Preferences(), BackgroundRunner()
        self.views, self.status, self.notice = Views(studio, self.background), StatusLine(), NoticeBar()
        views, status, background = self.views, self.status, self.background
        self.board_commands = BoardCommands(studio, views.board, self)
        self.project_commands = ProjectCommands(studio, views, status, background, self.open, self)
        self.import_commands = ImportCommands(studio, views.log, status, background, self.open, self)
        self.run_commands = RunCommands(studio, status, self.preferences, self)
        self.comparing = ComparePresenter(studio, views.compare, background, views.log.add)
        self.compare_commands = CompareCommands(studio, views.compare, background, status.show_note, self)
        self.gallery_commands = GalleryCommands(
            studio, views.gallery, background, status.show_note, views.show_view, self
        )
        views_shown = ViewCommands(views, self.preferences, self)
        commands = (
            self.board_commands,
            self.project_commands,
            self.import_commands,
            self.run_commands,
            self.compare_commands,
            self.gallery_commands,
            TaskCommands(studio, views.tasks, status, background, self),
            views_shown,
        )
        by_key = {key: command for one in commands for key, command in one.actions.items()}
        self.registry = ActionRegistry(self, by_key | {"quit": self.close}, Shortcuts(self.preferences))
        self.header, self.welcome = Header(self.registry), Welcome(self.registry["new"], self.registry["open"])
        self.recent = RecentProjects(self.preferences, self.welcome.recent, self.registry.recent, self.open, background)
        self.recent.interrupted.connect(self.welcome.show_interrupted)
        self.registry.add_searched(views_shown.searched())
        self._closing, self.focus_ring = False, FocusRing(self)
        self._lay_out()
        self.presenter = Presenter(studio, views, self.header, status, background)
        self.run_list = RunsPresenter(studio, views.runs, background, self._show_curves, status.show_note)
        self.action_state = ActionState(studio, self.registry, self.header)
        self._connect()
        self.unsaved = UnsavedEdits(studio, self.notice, status, self.project_commands.ask_copy)
        self.recovery = Recovery(studio, self.notice, studio.jobs.resume, self._go_on_comparing, self)
        self.affinity_choice = AffinityChoice(studio, views.heatmap, self.notice)
        self.unread_images = UnreadImages(studio, self.notice, lambda: views.show_view(views.log))
        self.tick = QTimer(self, interval=TICK_MS)
        self.tick.timeout.connect(self._poll)
        self.tick.start()

    def open(self, path: str, go_on: bool = False) -> None:
        """Show a project, or say why not; with `go_on` its interrupted run is continued."""
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
        self.recovery.begin(go_on)
        self.import_commands.tell_missing(self.notice)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        folders, refusal = dropped_data(event.mimeData()), too_many(event.mimeData())
        if folders or refusal:
            take_copy(event)
            what = "a new project" if self.studio.project is None else "tasks"
            names = ", ".join(Path(folder).name for folder in folders)
            self.status.show_note(refusal or f"Drop to make {what} of {names}")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802
        self.status.show_note("")

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Import once the drag is over, so that its source is not kept waiting."""
        folders, refusal = dropped_data(event.mimeData()), too_many(event.mimeData())
        take_copy(event)
        self.status.show_note("")
        if refusal:
            QTimer.singleShot(0, self, lambda: error_dialog.tell(self, refusal))
        else:
            QTimer.singleShot(0, self, lambda: self.import_commands.take_drop(folders))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Ask during a run or a comparison; then stop it, wait without blocking, and close."""
        if not self._closing and not self.unsaved.may_leave(self):
            event.ignore()
            return
        if self.studio.busy:
            event.ignore()
            if not self._closing and (not self.studio.training or self._may_stop()):
                self.leave()
            return
        self.tick.stop()
        self.preferences.save("geometry", self.saveGeometry())
        if self._pages.currentWidget() is self.views:
            self.views.save_layout(self.preferences)
        self.views.hide_floating()
        self.studio.close()
        self.background.close()
        event.accept()

    def leave(self) -> None:
        """Close without a question, once what is under way is stopped; what is finished is kept."""
        if self._closing:
            return
        self._closing = True
        self.setEnabled(False)  # nothing new is started
        self.studio.wind_up()
        self.status.show_phase("Stopping…", True)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802
        """Move the focus in reading order."""
        middle = self.views.in_reading_order() if self._pages.currentWidget() is self.views else [self.welcome]
        return move_focus(self, [self.header, self.notice, *middle, self.status], forward)

    def _show_views(self) -> None:
        """Show the docks in place of the welcome page; not before, so that none floats over the page."""
        if self._pages.currentWidget() is self.views:
            return
        self._pages.setCurrentWidget(self.views)
        self.header.show()
        if not self.views.restore_layout(self.preferences):
            self.views.arrange(self.size())

    def _show_curves(self, runs: Sequence[tuple[str, PastCurves]]) -> None:
        self.views.curves.show_runs(runs)
        self.views.show_view(self.views.curves)

    def _go_on_comparing(self) -> None:
        self.views.show_view(self.views.compare)
        self.registry["compare_start"].trigger()

    def _may_stop(self) -> bool:
        return ask_stop(self, "A comparison" if self.studio.comparisons.busy else "A run")

    def _poll(self) -> None:
        self.background.poll()
        with self.presenter.results.held():
            wait = TICK_MS if self.studio.poll(READ_S) else SOON_MS
        if self.tick.interval() != wait:
            self.tick.setInterval(wait)
        if self._closing and not self.studio.busy:
            self.close()

    def _show_failure(self, event: object) -> None:
        if isinstance(event, Finished) and event.state is State.FAILED and not self._closing:
            error_dialog.tell(self, event.message, event.details)

    def _connect(self) -> None:
        views, actions = self.views, self.registry
        offer_copies(views)
        self.studio.listen(self._show_failure)
        self.welcome.chosen.connect(self.open)
        self.welcome.continued.connect(lambda path: self.open(path, go_on=True))
        views.tasks.use_actions([actions[key] for key in ("rename_task", "classes", "remove_task", "add_tasks")])
        views.add.clicked.connect(actions["add_tasks"].trigger)
        views.settings.changed.connect(self.studio.set_settings)
        views.results.opened.connect(self.presenter.results.open)
        views.results.compared.connect(self.presenter.results.compare)
        self.compare_commands.show_images = self.presenter.results.open_trial
        self.compare_commands.show_curves = self._show_curves
        views.board.refused.connect(self.status.show_note)
        views.board.suggested.connect(self.status.show_note)
        views.board.header.count_wanted.connect(self.board_commands.set_count)
        self.header.step_wanted.connect(lambda key: actions[key].trigger())
        views.results.repeat_wanted.connect(actions["seeds"].trigger)
        actions["palette"].changed.connect(self._show_hint)
        actions[f"theme_{theme.choice()}"].setChecked(True)
        self._show_hint()

    def _show_hint(self) -> None:
        self.status.show_hint(self.registry["palette"].shortcut())

    def _lay_out(self) -> None:
        page, self._pages = QWidget(), QStackedWidget()
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(self.views)
        parts, margins = (self.header, self.notice, self._pages, self.status), (theme.S, theme.XS, theme.S, 0)
        column(*parts, parent=page, stretch=[self._pages], spacing=theme.S, margins=margins)
        self.setCentralWidget(page)
        self.header.hide()
        self.setAcceptDrops(True)
        self.resize(SIZE.boundedTo(room(self)))
        if self.size() != SIZE:
            self.setWindowState(Qt.WindowState.WindowMaximized)
        geometry = self.preferences.state("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        self.registry.add_panels(dock.toggleViewAction() for dock in self.views.docks.values())
