"""The presenter of the Runs view: from the project's run folders to the list, and from the list to the studio."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from mmap_studio.errors import StudioError
from mmap_studio.session.events import Event, PastCurves, RunEnded
from mmap_studio.session.runs.about import RunAbout, read_about, tags_of
from mmap_studio.session.runs.listing import RunEntry
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.runtime.job import Finished, StateChanged
from mmap_studio.session.studio.events import ProjectOpened, Recorded, RunsChanged
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.kit.questions import ask_words
from mmap_studio.ui.runs.view import RunsView

CHANGING = ProjectOpened, Recorded, RunsChanged, RunEnded, Finished, StateChanged
"""Events after which a run may be another, or a new one."""
MOST_CURVES = 6
"""Runs whose curves are shown over each other: as many as there are kinds of lines."""


class RunsPresenter:
    """Reads the folders in another thread, and only while the view is seen.

    show_curves : takes titles and curves of runs   tell : says a sentence to the user
    """

    def __init__(
        self, studio: Studio, view: RunsView, background: BackgroundRunner,
        show_curves: Callable[[Sequence[tuple[str, PastCurves]]], object], tell: Callable[[str], object],
    ) -> None:  # fmt: skip
        self._studio, self.view, self._background = studio, view, background
        self._show_curves, self._tell = show_curves, tell
        self._stale, self._reading = True, False
        studio.listen(self.hear)
        view.shown.connect(self._read_again)
        view.rename_wanted.connect(self._rename)
        view.note_wanted.connect(self._note)
        view.tags_wanted.connect(self._tags)
        view.pin_wanted.connect(self._pin)
        view.delete_wanted.connect(lambda names: self._try(lambda: self._studio.runs.discard(names)))
        view.curves_wanted.connect(self._curves)
        view.pair_selected.connect(self._compare)

    def hear(self, event: Event) -> None:
        """Take note that a run may be another, or a new one."""
        if isinstance(event, ProjectOpened):
            self.view.begin_project()
        of_job = isinstance(event, Finished | StateChanged)
        if isinstance(event, CHANGING) and not (of_job and self._studio.jobs.quiet):
            self._read_again()

    def _read_again(self) -> None:
        self._stale = True
        self._refresh()

    def _refresh(self) -> None:
        if not self._stale or self._reading or not self.view.seen:
            return
        self._stale, self._reading, project = False, True, self._studio.project

        def done(entries: list[RunEntry]) -> None:
            self._reading = False
            if self._studio.project is project or self._same(project):
                self.view.show_entries(entries)
            self._refresh()

        self._background.run(self._studio.runs.entries, done, self._failed)

    def _same(self, project: object) -> bool:
        now = self._studio.project
        return now is not None and getattr(project, "folder", None) == now.folder

    def _failed(self, error: BaseException) -> None:
        self._reading = False
        self._said(error)

    def _said(self, error: BaseException) -> None:
        if not isinstance(error, StudioError | OSError):
            raise error
        self._tell(str(error))

    def _compare(self, first: str, second: str) -> None:
        self._background.run(
            lambda: self._studio.runs.differences(first, second),
            lambda found: self.view.show_differences(first, second, found),
            self._said,
        )

    def _curves(self, names: list[str]) -> None:
        def done(found: list[tuple[str, PastCurves]]) -> None:
            if not found:
                self._tell("The selected runs trained nothing, so there are no curves of them.")
                return
            self._show_curves(found)
            if len(names) > MOST_CURVES:
                self._tell(f"Curves of the first {MOST_CURVES} of {len(names)} runs are shown.")

        self._background.run(lambda: self._studio.runs.curves(names[:MOST_CURVES]), done, self._said)

    def _rename(self, name: str) -> None:
        def act() -> None:
            text = ask_words(self._parent, "Rename run", f"Name of {name}:", self._about(name).name)
            if text is not None:
                self._studio.runs.say(name, "Rename run", title=text)

        self._try(act)

    def _note(self, name: str) -> None:
        def act() -> None:
            text = ask_words(self._parent, "Note", f"Note to {name}:", self._about(name).note, lines=True)
            if text is not None:
                self._studio.runs.say(name, "Write a note", note=text)

        self._try(act)

    def _tags(self, name: str) -> None:
        def act() -> None:
            shown = self._about(name).tags
            text = ask_words(self._parent, "Tags", "Tags, parted by commas:", ", ".join(shown))
            if text is not None:
                tags = tags_of(text)
                less = [tag for tag in shown if tag not in tags]
                self._studio.runs.say(name, "Tag run", tag=[tag for tag in tags if tag not in shown], untag=less)

        self._try(act)

    def _pin(self, name: str) -> None:
        def act() -> None:
            pinned = not self._about(name).pinned
            self._studio.runs.say(name, "Pin run" if pinned else "Unpin run", pinned=pinned)

        self._try(act)

    @property
    def _parent(self) -> QWidget:
        return self.view.window()

    def _about(self, name: str) -> RunAbout:
        return read_about(self._studio.runs.folder(name))

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except StudioError as error:
            self._tell(str(error))
