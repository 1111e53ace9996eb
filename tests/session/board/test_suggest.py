"""The board's score, what a move would change, and the suggestion, which keeps what is locked."""

import numpy as np
import pytest

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.evidence import Evidence
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.score import score_grouping
from mmap_studio.method.grouping.search import GroupingResult
from mmap_studio.session.board import suggest
from mmap_studio.session.board.board import Board
from tests.session.board.cases import START, TASKS, board, matrix


def test_score_and_changes_if_moved() -> None:
    made, values = board(), matrix()
    assert made.score == pytest.approx(score_grouping(values, TASKS, made.grouping))
    changes = made.changes_if_moved(["art", "toy"])
    for to, change in zip([0, 1, 2, None], changes, strict=True):
        moved = score_grouping(values, TASKS, made.grouping.move(["art", "toy"], to))
        assert change == pytest.approx(moved - made.score)
    made.set_affinity(values, TASKS, 5.0)
    assert made.score == pytest.approx(score_grouping(values, TASKS, made.grouping, 5.0))


def test_no_score_without_all_cells() -> None:
    made = board(affinity=False)
    assert made.score is None
    assert made.changes_if_moved(["art"]) == (None,) * 4
    holed = matrix()
    holed[0, 5] = np.nan  # art -> toy: not in one group now
    made.set_affinity(holed, TASKS)
    assert made.score is not None
    assert made.changes_if_moved(["toy"])[0] is None
    assert made.changes_if_moved(["toy"])[1] is not None
    made.add_task("new")
    assert made.score is None
    with pytest.raises(InputError, match="Measure it first"):
        made.take(made.suggestion()())


def test_affinity_is_copied_and_checked() -> None:
    made, values = board(affinity=False), matrix()
    made.set_affinity(values, TASKS)
    before = made.score
    values[:] = 0
    assert made.score == before
    with pytest.raises(InputError, match=r"affinity must be \(6, 6\)"):
        made.set_affinity(np.zeros((6, 5)), TASKS)


def test_locked_tasks_stay() -> None:
    made = board()
    made.lock(["art", "toy"])
    with pytest.raises(InputError, match="'art' is locked"):
        made.move(["clipart", "art"], 1)
    made.move(["clipart", "art"], 0)  # art is there already
    assert made.grouping.groups == START
    with pytest.raises(InputError, match="locked"):
        made.split(0, ["art"])
    with pytest.raises(InputError, match="locked"):
        made.merge(0, 2)
    made.merge(1, 2)  # the locked one stays, the others come to it
    assert made.group_names == ("Group 1", "Group 3")
    assert made.grouping.groups[1] == ("toy", "photo", "scan")
    made.lock("art", on=False)
    made.move("art", 1)
    assert made.locked == {"toy"}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("groups", [None, 2, 4])
def test_suggestion_is_the_best_that_keeps_the_locks(seed: int, groups: int | None) -> None:
    made, values = board(), matrix(seed)
    made.set_affinity(values, TASKS)
    made.lock(["art", "sketch", "photo"])
    result = made.suggestion(groups)()
    made.take(result)
    fits = [g for g in partitions(TASKS) if g.group_of("art") == g.group_of("sketch") != g.group_of("photo")]
    best = max(score_grouping(values, TASKS, g) for g in fits if groups in (None, len(g)))
    assert made.score == pytest.approx(best)
    assert made.grouping in fits
    assert (result.exact, made.suggested_score) == (True, pytest.approx(best))
    made.undo()
    assert made.grouping.groups == START
    assert made.suggested_score == pytest.approx(best)


@pytest.mark.parametrize("groups", [None, 2, 5])
def test_suggestion_for_many_keeps_the_locks(groups: int | None) -> None:
    tasks = [f"t{i}" for i in range(16)]
    blocks = np.kron(np.eye(4), np.ones((4, 4))) + 0.1 * matrix(1, 16)
    made = Board(tasks)
    made.set_affinity(blocks, tasks)
    made.move(tasks[:3], None)
    made.lock([*tasks[:2], *tasks[8:10]])
    before = made.score
    result = made.suggestion(groups)()
    made.take(result)
    assert not result.exact
    assert groups in (None, len(made.grouping))
    assert made.grouping.group_of("t0") == made.grouping.group_of("t1") != made.grouping.group_of("t8")
    assert made.grouping.group_of("t8") == made.grouping.group_of("t9")
    assert made.score > before
    if groups is None:
        true = Grouping.of([tasks[i : i + 4] for i in range(0, 16, 4)])
        assert made.score > score_grouping(blocks, tasks, true) - 0.1


def test_impossible_number_of_groups() -> None:
    made = board()
    made.lock(TASKS[:5])
    with pytest.raises(InputError, match="from 2 to 3"):
        made.take(made.suggestion(1)())
    assert made.grouping.groups == START


def test_split_in_two_where_it_gains_most() -> None:
    made, values = board((TASKS,)), np.full((6, 6), -1.0)
    values[:2, :2] = values[2:, 2:] = 1.0
    made.set_affinity(values, TASKS)
    made.split(0)
    assert made.grouping == Grouping.of([TASKS[:2], TASKS[2:]])
    blind = board((TASKS,), affinity=False)
    blind.split(0)
    assert blind.grouping.groups == (TASKS[:3], TASKS[3:])


def partitions(tasks: tuple[str, ...]) -> list[Grouping]:
    if not tasks:
        return [Grouping(())]
    rest = partitions(tasks[1:])
    return [Grouping(((tasks[0],), *g.groups)) for g in rest] + [
        Grouping((*g.groups[:i], (tasks[0], *g.groups[i]), *g.groups[i + 1 :])) for g in rest for i in range(len(g))
    ]


def test_for_lack_of_evidence_the_present_grouping_does_not_come_back(monkeypatch) -> None:
    values, present = matrix(), Grouping.of(START)
    together = Grouping.together(TASKS)
    lacking = Evidence(present, None, 0.1, 0.1, 0.1, 0.3, 0.5, None, float("nan"), 10)
    result = GroupingResult(together, score_grouping(values, TASKS, present) - 1, "searched", False, 7, lacking)
    monkeypatch.setattr(suggest, "suggested_grouping", lambda *given: result)
    assert suggest.suggest_grouping(values, present, TASKS[:1]).grouping == together


def test_a_search_that_is_not_exact_never_suggests_less_than_the_present_grouping(monkeypatch) -> None:
    values, present = matrix(), Grouping.of(START)
    score = score_grouping(values, TASKS, present)
    for found, exact, wanted in (
        (score - 0.1, False, score),
        (score - 0.1, True, score - 0.1),
        (score + 0.1, False, score + 0.1),
    ):
        result = GroupingResult(Grouping.together(TASKS), found, "searched", exact, 7)
        monkeypatch.setattr(suggest, "suggested_grouping", lambda *given, result=result: result)
        answer = suggest.suggest_grouping(values, present, TASKS[:1])
        assert answer.score == pytest.approx(wanted)
        assert (answer.grouping == present) == (wanted == score)
        assert suggest.suggest_grouping(values, present) is result, "with nothing locked it is best_grouping"


PLANTED = Grouping.of((TASKS[:3], TASKS[3:]))


def measured(planted: float, noise: float = 0.3) -> np.ndarray:
    """(20, T, T): mean affinity 0.3, and `planted` more inside the groups of `PLANTED`, less between them."""
    of = np.array([PLANTED.group_of(task) for task in TASKS])
    signs = np.where(np.equal.outer(of, of), 1, -1)
    drawn = np.random.default_rng(0).normal(size=(20, len(TASKS), len(TASKS)))
    return 0.3 + noise * drawn + planted * signs


def with_measurements(values: np.ndarray) -> Board:
    made = board((TASKS,), affinity=False)
    made.set_affinity(values.mean(axis=0), TASKS, 0.0, lambda: values)
    return made


def test_a_suggestion_without_evidence_is_all_together_and_says_so() -> None:
    made = with_measurements(measured(0.0))
    assert (made.evidence, made.verdict) == (None, "")
    result = made.suggestion()()
    made.take(result)
    assert made.grouping == Grouping.together(TASKS)
    assert result.evidence is made.evidence
    assert made.verdict == "No evidence for groups: train together"
    made.replace(made.evidence.grouping)
    assert not made.supported
    assert made.verdict.startswith("No evidence for groups · ")
    assert " ± " in made.verdict
    assert made.verdict.endswith(" above together")


def test_planted_groups_are_suggested_and_only_they_are_supported() -> None:
    made = with_measurements(measured(0.5))
    made.take(made.suggestion()())
    assert made.grouping == PLANTED
    assert made.supported
    assert made.verdict.startswith("Evidence for groups · ")
    made.replace(Grouping.of([TASKS[::2], TASKS[1::2]]))
    assert not made.supported
    assert made.verdict.endswith("below together")


def test_a_number_of_groups_that_is_asked_for_is_taken_with_its_price() -> None:
    made = with_measurements(measured(0.0))
    made.take(made.suggestion(2)())
    assert len(made.grouping) == 2
    assert not made.supported
    assert made.verdict.startswith("2 groups, as asked for · ")


def test_another_affinity_takes_the_evidence_away_and_the_same_leaves_it() -> None:
    values = measured(0.5)
    made = with_measurements(values)
    made.take(made.suggestion()())
    found = made.evidence
    made.set_affinity(values.mean(axis=0), TASKS, 0.0, lambda: values)
    assert made.evidence is found
    made.set_affinity(values.mean(axis=0) + 1, TASKS, 0.0, lambda: values)
    assert (made.evidence, made.supported) == (None, False)
