"""Results from the studio to the views that show them: table, gallery, confusion matrix, task list and board."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mmap_studio.formatting import counted
from mmap_studio.session.explore.changed import KINDS, ChangedImages, changed_of
from mmap_studio.session.methods import method_title
from mmap_studio.session.results.outcomes import outcomes, row_title
from mmap_studio.session.results.results import ResultRow
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.window.status import StatusLine

if TYPE_CHECKING:  # torch takes seconds to import
    from mmap_studio.method.evaluation import Evaluation
    from mmap_studio.method.task import TaskSpec

GONE = "The predictions of this row are not in the cache any more; run it again to see its images."
OTHER_SPLIT = "This row was tested on the images of an earlier split; choose that split again to see them."
ELSEWHERE = "This row is of the backbone {}; choose it for the project to see the row's images."


class ResultsPresenter:
    """Rows of the table keep their key; "run" are the groups on the board."""

    def __init__(self, studio: Studio, views: Views, status: StatusLine) -> None:
        self.studio, self.views, self.status = studio, views, status
        self._current: dict[str, Evaluation] = {}
        """Results of the board's groups as they are shown."""
        self._opened: str | None = None
        """Row of another grouping whose predictions gallery and confusion matrix have too."""
        self._trial: tuple[str, str, Mapping[str, Evaluation]] | None = None
        """Key, title and evaluations of a trial of the comparison that gallery and confusion matrix have too."""
        self._wanted: Callable[[], None] | None = None
        """What goes on once the cache was asked for the predictions of a row."""
        self._changed: dict[str, tuple[str, Mapping[str, ChangedImages]]] = {}
        """Images fixed and broken between two rows: titles and images by task, under the keys that views have."""
        self._changed_tasks: Sequence[TaskSpec] = ()
        """The tasks as they were read for that."""
        self._rows: Sequence[ResultRow] = ()
        """Those of the table, kept so that no other result gets the identity of one of theirs."""
        self._told: object = None
        """What the table's rows say, by the identities of their results."""
        self._holds = 0
        self._due: Callable[[], None] | None = None
        """What is shown once results are not held any more."""

    def forget(self) -> None:
        self._opened = self._wanted = self._trial = self._told = None
        self._changed = {}
        self.show()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Show results once at the end, however many events inside change them, and however deep it is called."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            if not self._holds and self._due is not None:
                due, self._due = self._due, None
                due()

    def show(self) -> None:
        """Show the results in all views."""
        if self._holds:
            self._due = self.show
            return
        results, self._current = self.studio.known.results, self.studio.known.current
        zero, now = ({n: e.accuracy for n, e in results.get(m, {}).items()} for m in ("zero_shot", "run"))
        self.views.tasks.show_scores(zero, True)
        noise = self._noise(results)
        self.views.tasks.show_scores(now, False, noise)
        self.views.board.set_scores({**zero, **now}, {name: zero[name] for name in now if name in zero}, noise)
        self._show_judged(results)
        self.show_table()

    def _noise(self, results: dict[str, dict[str, Any]]) -> dict[str, float]:
        """Of every task, half the interval of what the board's groups gain over zero-shot, in points."""
        tests, names = self.studio.known.tests, list(results.get("run", {}))
        if tests is None or not names or "zero_shot" not in results:
            return {}
        halves = tests.half_widths([results["run"]], [results["zero_shot"]], names)
        return dict(zip(names, halves.tolist(), strict=False))

    def show_board(self) -> None:
        """Show what the board's groups have reached, or the table alone where that is as before."""
        if self._current is self.studio.known.current:
            self.show_table()
        else:
            self.show()

    def show_table(self) -> None:
        """Show the rows, if they are other ones."""
        if self._holds:
            self._due = self._due or self.show_table
            return
        kept, tests, rows = self.studio.board.kept, self.studio.known.tests, self.studio.known.book.rows()
        on_board = [self._is_on_board(row) for row in rows]
        told = [(row.key, row.differs, *map(id, row.results)) for row in rows], on_board, dict(kept), tests
        if told != self._told:  # a row may have hundreds of seeds, and a card that is dragged asks at every drop
            self._rows, self._told = rows, told
            shown = [one for row, on in zip(rows, on_board, strict=True) for one in outcomes(row, kept, on)]
            self.views.results.show_outcomes(shown, tests)

    def on_board(self) -> ResultRow | None:
        """The row of the groups on the board with the settings of now, of all seeds."""
        return next((row for row in self.studio.known.book.rows() if self._is_on_board(row)), None)

    def open(self, key: str, task: str) -> None:
        """Show the misclassified images of a row and task, from the cache where they are not at hand."""
        if task:
            self._fetch([key], lambda: self._open(key, task))

    def compare(self, first: str, second: str, task: str = "") -> None:
        """Show the images that one of two rows has right and the other wrong, of a task or of the one shown."""
        self._fetch([first, second], lambda: self._compare(first, second, task))

    def _fetch(self, keys: Sequence[str], then: Callable[[], None], asked: Collection[str] = ()) -> None:
        """Call `then` once the predictions of these rows are at hand, or say why they cannot be."""
        self._wanted = None
        for key in keys:
            row = self.studio.known.book.row(key)
            if row is None:
                return
            if not row.has_predictions and not self._is_here(row):
                return self.status.show_note(ELSEWHERE.format(row.newest.backbone))
            if row.newest.split not in ("", self.studio.known.split):
                return self.status.show_note(OTHER_SPLIT)
            if not row.has_predictions and not self._join(row):
                if key in asked or not self.studio.jobs.recall(key):
                    return self.status.show_note(GONE)
                self._wanted = partial(self._fetch, keys, then, {*asked, key})
                return None
        return then()

    def _open(self, key: str, task: str) -> None:
        row = self.studio.known.book.row(key)
        assert row is not None
        self._opened = key
        self._show_judged(self.studio.known.results)
        method = self._method(row)
        self.views.confusion.open(method, task)
        self.views.gallery.open(task, method, "wrong")
        self.views.show_view(self.views.gallery)

    def _compare(self, first: str, second: str, task: str) -> None:
        book, known = self.studio.known.book, self.studio.known
        rows = [row for row in (book.row(first), book.row(second)) if row is not None]
        labels = {one.name: np.asarray(one.test.labels) for one in known.tasks}
        found = changed_of(labels, self._judged(rows[0]), self._judged(rows[-1]), list(labels))
        self._changed_tasks = known.tasks
        titles = [row_title(row, self.studio.board.kept) for row in rows]
        self._changed = {
            f"{kind} {first} {second}": (f"{kind.capitalize()}: {titles[0]} → {titles[1]}", found[kind])
            for kind in KINDS
        }
        self._show_judged(known.results)
        shown = self.views.gallery.task.currentData()
        task = next((one for one in (task, shown, *found["fixed"]) if one in found["fixed"]), "")
        if not task:
            return self.status.show_note(OTHER_SPLIT)
        counts = {kind: found[kind][task].n for kind in KINDS}
        key = next(iter(self._changed)) if counts["fixed"] or not counts["broken"] else list(self._changed)[1]
        self.views.confusion.open(key, task)
        self.views.gallery.open(task, key, "all")
        self.views.show_view(self.views.gallery)
        of = counted(found["fixed"][task].of, "test image")
        said = f"{task}: {counts['fixed']:,} fixed, {counts['broken']:,} broken of {of}"
        return self.status.show_note(f"{said}; Method has both")

    def open_trial(self, key: str, title: str, found: "Mapping[str, Evaluation]") -> None:
        """Show the misclassified images of a trial of the comparison, of the task that the gallery shows."""
        self._trial = key, title, found
        self._show_judged(self.studio.known.results)
        task = self.views.gallery.task.currentData()
        task = task if task in found else next(iter(found), "")
        self.views.confusion.open(key, task)
        self.views.gallery.open(task, key, "wrong")
        self.views.show_view(self.views.gallery)

    def recalled(self) -> None:
        if self._wanted is not None:
            self._wanted()

    def _show_judged(self, results: dict[str, dict[str, Any]]) -> None:
        """Predictions by method; those of a row that was opened beside them, under its own key."""
        shown, titles = dict(results), {method: method_title(method) for method in results}
        row = self.studio.known.book.row(self._opened) if self._opened else None
        if row is not None and self._method(row) not in shown:
            shown[row.key] = dict(self._judged(row))
            titles[row.key] = row_title(row, self.studio.board.kept)
        if self._trial is not None:
            key, title, found = self._trial
            shown[key], titles[key] = dict(found), title
        if self.studio.known.tasks is not self._changed_tasks:
            self._changed = {}  # they are of images that were read anew
        for key, (title, images) in self._changed.items():
            shown[key], titles[key] = dict(images), title
        self.views.gallery.show_results(shown, titles)
        self.views.confusion.show_results(shown, titles)

    def _method(self, row: ResultRow) -> str:
        """Under which gallery and confusion matrix show a row: a method whose scores these are, or its own key."""
        methods, mine = self.studio.known.methods, row.newest.per_task
        return next((m for m, s in methods.items() if all(mine.get(t) is e for t, e in s.per_task.items())), row.key)

    def _is_here(self, row: ResultRow) -> bool:
        """Whether a row is of the backbone that is loaded; trained groups are known of that alone."""
        return self.studio.backbone is not None and row.newest.digest == self.studio.backbone.digest

    def _judged(self, row: ResultRow) -> dict[str, Any]:
        """Evaluations of a row: its own, or put together from its groups."""
        newest = row.newest
        if row.has_predictions or newest.grouping is None:
            return dict(newest.per_task)
        return dict(self.studio.known.evaluations(newest.grouping, newest.settings))

    def _join(self, row: ResultRow) -> bool:
        """Whether all groups of a row are known by now."""
        return self._is_here(row) and bool(row.newest.grouping) and set(self._judged(row)) == set(row.newest.per_task)

    def _is_on_board(self, row: ResultRow) -> bool:
        newest, known, project = row.newest, self.studio.known, self.studio.project
        if project is None or newest.grouping != self.studio.board.grouping or newest.method == "random":
            return False
        if newest.split not in ("", known.split):
            return False
        settings = project.settings.model_copy(update={"seed": newest.settings.seed})
        return self._is_here(row) and known.trained_as((), newest.settings) == known.trained_as((), settings)
