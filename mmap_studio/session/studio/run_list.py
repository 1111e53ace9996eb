"""What a window does to the recorded runs: names, notes, tags, pins, the trash. Every edit is an undoable step."""

from collections.abc import Callable, Sequence

from mmap_studio.errors import StudioError
from mmap_studio.session.events import Event, PastCurves
from mmap_studio.session.results.interrupted import interrupted_run
from mmap_studio.session.results.past_curves import curves_of
from mmap_studio.session.results.recorded import read_results
from mmap_studio.session.results.results import results_of_document
from mmap_studio.session.runs import trash
from mmap_studio.session.runs.about import RunAbout, edit_about
from mmap_studio.session.runs.differences import SettingDifference, differences
from mmap_studio.session.runs.listing import RunEntry, entry_of, runs_of
from mmap_studio.session.studio.events import RunsChanged
from mmap_studio.session.studio.state import StudioState
from mmap_studio.storage.runs import RESULTS, RunFolder


class RunList:
    """The runs of the open project. What only reads may be called in any thread."""

    def __init__(self, state: StudioState, tell: Callable[[Event], object]) -> None:
        self._state, self._tell = state, tell

    # ---- what there is

    def entries(self) -> list[RunEntry]:
        """Read from the disk; none without a project."""
        project = self._state.project
        return runs_of(project) if project is not None else []

    def differences(self, first: str, second: str) -> tuple[SettingDifference, ...]:
        """The settings in which two runs differ."""
        return differences(self.folder(first), self.folder(second))

    def curves(self, names: Sequence[str]) -> list[tuple[str, PastCurves]]:
        """Of these runs, those that trained something, with what they are called."""
        found = [(entry_of(run).title, curves_of(run)) for run in map(self.folder, names)]
        return [(title, curves) for title, curves in found if curves is not None]

    # ---- edits, on the disk when they return

    def say(
        self, name: str, label: str, *, title: str | None = None, note: str | None = None,
        tag: Sequence[str] = (), untag: Sequence[str] = (), pinned: bool | None = None,
    ) -> None:  # fmt: skip
        """Say something else of a run, which is as in `edit_about`."""
        before, after = edit_about(self.folder(name), name=title, note=note, tag=tag, untag=untag, pinned=pinned)
        if after != before:
            history = self._state.board.history
            history.push(label, lambda: self._go(name, after, before), lambda: self._go(name, before, after))
            self._tell(RunsChanged())

    def discard(self, names: Sequence[str]) -> None:
        """Move runs to the project's trash, all of them or none; their results go with them."""
        self._discard(names)
        label = "Delete run" if len(names) == 1 else f"Delete {len(names)} runs"
        self._state.board.history.push(label, lambda: self._restore(names), lambda: self._discard(names))

    def _discard(self, names: Sequence[str]) -> None:
        project, done = self._state.require_project(), []
        try:
            for name in names:
                trash.discard(project, self.folder(name))
                done.append(name)
        except StudioError:
            for name in done:
                trash.restore(project, name)
            raise
        for name in names:
            self._state.known.book.drop_run(name)
        self._changed()

    def _restore(self, names: Sequence[str]) -> None:
        project = self._state.require_project()
        for name in names:
            run = trash.restore(project, name)
            if (run.path / RESULTS).is_file():
                for result in results_of_document(read_results(run), run.name, entry_of(run).ended):
                    self._state.known.book.add(result)
        self._changed()

    def _go(self, name: str, one: RunAbout, other: RunAbout) -> None:
        """Say what the other has otherwise; what another program said of the run meanwhile stays."""
        more, less = ([tag for tag in x.tags if tag not in y.tags] for x, y in ((other, one), (one, other)))
        edit_about(
            self.folder(name), name=other.name if other.name != one.name else None,
            note=other.note if other.note != one.note else None, tag=more, untag=less,
            pinned=other.pinned if other.pinned != one.pinned else None,
        )  # fmt: skip
        self._tell(RunsChanged())

    def _changed(self) -> None:
        self._state.known.interrupted = interrupted_run(self._state.require_project())
        self._tell(RunsChanged())

    def folder(self, name: str) -> RunFolder:
        """Of a run, by the name of its folder."""
        return RunFolder(self._state.require_project().runs / name)
