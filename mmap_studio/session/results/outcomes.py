"""The rows of a project's results as the table takes them: titles, seeds, what differs. Loads no torch."""

from collections.abc import Iterable, Mapping

from mmap_studio.errors import InputError
from mmap_studio.formatting import counted
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.board.state import BoardState
from mmap_studio.session.methods import method_title
from mmap_studio.session.project.autosave import load
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.results import Result, ResultRow, ResultsBook, recorded_results
from mmap_studio.session.results.table import Outcome

LONGEST = 60
"""Characters of a grouping that a title begins with; before a longer one stands how many groups it has."""


def recorded_outcomes(project: Project) -> tuple[list[Outcome], list[str]]:
    """Of all finished runs of a project; and a sentence for each run that cannot be read."""
    results, problems = recorded_results(project)
    book = ResultsBook()
    for result in results:
        book.add(result)
    kept = _kept(project)
    return [one for row in book.rows() for one in outcomes(row, kept)], problems


def method_outcomes(results: Iterable[Result]) -> list[Outcome]:
    """A row a method, whatever groups it was trained in: runs over seeds each suggest their own."""
    found = list(results)
    seeds = ", ".join(dict.fromkeys(str(one.seed) for one in found if one.seed is not None))
    return [
        Outcome(
            one.method, one.per_task, one.parameters, one.run if one.seed is not None else "",
            method_title(one.method), ground=one.ground, split=one.split,
            zero_shot=one.method if one.method.startswith("zero_shot") else "", kind=one.method,
            seeds=seeds if one.seed is not None else "",
        )
        for one in found
    ]  # fmt: skip


def outcomes(row: ResultRow, kept: Mapping[str, Grouping], on_board: bool = False) -> list[Outcome]:
    """One a seed. `kept` are groupings with the names they are kept under."""
    ended = row.newest.when
    when = f"{ended.astimezone():%Y-%m-%d %H:%M}" if ended else ""  # in the user's own time, so that it also sorts
    title, seeds = row_title(row, kept), ", ".join(map(str, row.seeds))
    tip = _tip(row, seeds)
    return [
        Outcome(
            row.key, result.per_task, result.parameters, str(result.seed), title,
            ground=result.ground, zero_shot=result.method if result.method.startswith("zero_shot") else "",
            split=result.split, settings=row.differs, seeds=seeds, when=when, on_board=on_board, tip=tip,
            kind=result.method,
        )
        for result in row.results
    ]  # fmt: skip


def row_title(row: ResultRow, kept: Mapping[str, Grouping]) -> str:
    """A grouping by the name it is kept under or by its groups, or what its method is called."""
    newest = row.newest
    if newest.grouping is None or newest.method == "random":
        return method_title(newest.method)
    names = (name for name, grouping in kept.items() if grouping == newest.grouping)
    return next(names, grouping_title(newest.grouping))


def grouping_title(grouping: Grouping) -> str:
    """Such as ``Art + Clipart | Product``; a long one says first how many groups it has."""
    if len(grouping.tasks) > 1 and len(grouping) == 1:
        return method_title("together")
    if len(grouping.tasks) > 1 and len(grouping) == len(grouping.tasks):
        return method_title("separate")
    text = " | ".join(" + ".join(group) for group in grouping)
    return text if len(text) <= LONGEST else f"{counted(len(grouping), 'group')}: {text}"


def _kept(project: Project) -> dict[str, Grouping]:
    _, board, _ = load(project)
    try:
        return {name: one.grouping for name, one in BoardState.from_json(board).kept.items()} if board else {}
    except InputError:
        return {}


def _tip(row: ResultRow, seeds: str) -> str:
    runs = ", ".join(dict.fromkeys(r.run for r in row.results if r.run))
    groups = row.newest.grouping
    parts = [
        f"Groups: {groups.text()}" if groups else "",
        f"Seeds: {seeds}" if seeds else "",
        f"Settings that differ between the rows: {row.differs}" if row.differs else "",
        f"Runs: {runs}" if runs else "",
    ]
    return "\n".join(filter(None, parts))
