"""Results from the studio to the views that show them: table, gallery, confusion matrix, task list and board."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mmap_studio.session.methods import method_title
from mmap_studio.session.results.outcomes import outcomes, row_title
from mmap_studio.session.results.results import ResultRow
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.window.status import StatusLine

if TYPE_CHECKING:  # torch takes seconds to import
    from mmap_studio.method.evaluation import Evaluation

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
        self._wanted: tuple[str, str] | None = None
        """Row and task that were asked for and are looked up in the cache."""

    def forget(self) -> None:
        self._opened = self._wanted = self._trial = None
        self.show()

    def show(self) -> None:
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
        """The rows, if they are other ones."""
        kept, rows = self.studio.board.kept, self.studio.known.book.rows()
        shown = [one for row in rows for one in outcomes(row, kept, self._is_on_board(row))]
        self.views.results.show_outcomes(shown, self.studio.known.tests)

    def on_board(self) -> ResultRow | None:
        """The row of the groups on the board with the settings of now, of all seeds."""
        return next((row for row in self.studio.known.book.rows() if self._is_on_board(row)), None)

    def open(self, key: str, task: str) -> None:
        """Show the misclassified images of a row and task, from the cache where they are not at hand."""
        row = self.studio.known.book.row(key)
        if row is None or not task:
            return
        if not row.has_predictions and not self._is_here(row):
            self.status.show_note(ELSEWHERE.format(row.newest.backbone))
            return
        if row.newest.split not in ("", self.studio.known.split):
            self.status.show_note(OTHER_SPLIT)
            return
        if not row.has_predictions and not self._join(row):
            self._wanted = key, task
            if not self.studio.jobs.recall(key):
                self._wanted = None
                self.status.show_note(GONE)
            return
        self._opened = key
        self._show_judged(self.studio.known.results)
        method = self._method(row)
        self.views.confusion.open(method, task)
        self.views.gallery.open(task, method, "wrong")
        self.views.show_view(self.views.gallery)

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
            (key, task), self._wanted = self._wanted, None
            row = self.studio.known.book.row(key)
            if row is not None and (row.has_predictions or self._join(row)):
                self.open(key, task)
            else:
                self.status.show_note(GONE)

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
