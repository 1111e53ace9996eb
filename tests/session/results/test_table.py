import math
from dataclasses import dataclass, replace

import pytest

from mmap_studio.session.results.formats import flat
from mmap_studio.session.results.table import Outcome, table


@dataclass(frozen=True)
class Share:
    accuracy: float
    macro_f1: float = 0.5
    ece: float = 0.1


def outcome(method: str, *accuracies: float, run: str = "", tasks=("art", "ink")) -> Outcome:
    return Outcome(method, {t: Share(a, ece=1 - a) for t, a in zip(tasks, accuracies, strict=True)}, 414, run)


ZERO, RUN = outcome("zero_shot", 0.40, 0.20), outcome("run", 0.50, 0.10)


def test_cells_are_percent_with_the_mean_over_tasks_and_differences_to_zero_shot():
    zero, run = table([ZERO, RUN], ["art", "ink"])
    assert [f.mean for f in run.figures] == pytest.approx([50, 10, 30])
    assert [f.delta for f in run.figures] == pytest.approx([10, -10, 0])
    assert zero.baseline
    assert not run.baseline
    assert [f.delta for f in zero.figures] == pytest.approx([float("nan")] * 3, nan_ok=True)


@pytest.mark.parametrize(
    ("metric", "zero", "run"),
    [("accuracy", [False, True, True], [True, False, True]), ("ece", [False, True, True], [True, False, True])],
)
def test_the_best_of_a_column_is_marked_ties_share_it_and_a_lower_error_wins(metric, zero, run):
    rows = table([ZERO, RUN], ["art", "ink"], metric)
    assert [[f.best for f in row.figures] for row in rows] == [zero, run]


def test_a_single_method_is_not_the_best_of_anything():
    assert not any(f.best for f in table([ZERO], ["art", "ink"])[0].figures)


def test_several_runs_of_a_method_are_one_row_with_mean_and_spread():
    rows = table([ZERO, outcome("run", 0.5, 0.1, run="a"), outcome("run", 0.7, 0.1, run="b")], ["art", "ink"])
    art, ink, mean = rows[1].figures
    assert (art.mean, art.spread, art.runs) == pytest.approx((60, 200**0.5, 2))
    assert (ink.spread, mean.mean) == pytest.approx((0, 35))
    assert rows[1].runs == 2


def test_the_same_run_reported_again_replaces_itself():
    row = table([outcome("run", 0.5, 0.1, run="a"), outcome("run", 0.7, 0.1, run="a")], ["art", "ink"])[0]
    assert (row.runs, row.figures[0].mean) == (1, pytest.approx(70))


def test_a_missing_task_leaves_the_cell_and_the_mean_unknown():
    row = table([ZERO, outcome("run", 0.5, tasks=("art",))], ["art", "ink"])[1]
    assert [f.mean for f in row.figures] == pytest.approx([50, float("nan"), float("nan")], nan_ok=True)
    assert [f.best for f in row.figures] == [True, False, False]


def test_without_the_baseline_there_are_no_differences():
    assert all(math.isnan(f.delta) for f in table([ZERO, RUN], ["art", "ink"], baseline="gone")[1].figures)


def test_titles():
    assert [row.title for row in table([ZERO, RUN, outcome("linear_probe", 0.1, 0.1)], ["art", "ink"])] == [
        "Zero-shot", "These groups", "Linear probe",
    ]  # fmt: skip


def test_export_has_a_column_for_everything_shown():
    header, rows = flat(table([ZERO, RUN], ["art"]), ["art"])
    assert header == [
        "method",
        "art",
        "art spread",
        "art difference",
        "mean",
        "mean spread",
        "mean difference",
        "trained",
        "runs",
        "seeds",
        "settings",
        "when",
    ]
    assert rows[1][:2] == ["These groups", pytest.approx(50)]
    assert rows[1][3] == pytest.approx(10)
    assert rows[1][-5:] == [414, 1, "", "", ""]


def test_a_row_is_compared_with_the_zero_shot_of_its_own_backbone():
    def on(ground: str, method: str, accuracy: float) -> Outcome:
        kind = method if method == "zero_shot" else ""
        return replace(outcome(f"{method} on {ground}", accuracy, 0.2), ground=ground, zero_shot=kind)

    rows = [on("small", "zero_shot", 0.3), on("large", "zero_shot", 0.6), on("large", "run", 0.7)]
    rows.append(on("lost", "run", 0.7))
    for baseline in ("zero_shot", "zero_shot on small"):
        found = table(rows, ["art", "ink"], baseline=baseline)
        assert [row.baseline for row in found] == [True, True, False, False]
        assert found[2].figures[0].delta == pytest.approx(10)
        assert math.isnan(found[3].figures[0].delta)
    assert table(rows, ["art", "ink"], baseline="run on large")[1].figures[0].delta == pytest.approx(-10)
