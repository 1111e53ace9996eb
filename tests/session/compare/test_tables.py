"""The tables say what was measured, and nothing in a name is more than text."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from tests.lazy import imported_later
from tests.session.compare.made_up import comparison, drawn, rare_class_gained

with imported_later():
    from mmap_studio.session.compare import tables
    from mmap_studio.session.compare.answer import answer


@pytest.fixture(scope="module")
def made():
    few = drawn({"zero_shot": 0.6, "a": 0.75, "b": 0.6}, per_class=10)
    many = drawn({"zero_shot": 0.6, "a": 0.75, "b": 0.6}, per_class=10, amount="full", rng=0)
    asked = comparison([*few.trials, *many.trials])
    return replace(asked, about={"backbone": "tiny", "seconds": float("nan")})


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_is_the_mean_over_seeds_of_a_method_at_an_amount(made):
    rows = tables.rows(made)
    assert [(row.method, row.amount.label) for row in rows] == [
        (method, amount) for amount in ("4", "full") for method in ("zero_shot", "a", "b")
    ]
    a = rows[1]
    trials = made.of("a", made.amounts[0])
    assert a.accuracy.mean == pytest.approx(np.mean([one.accuracy for one in trials]))
    assert a.worst == pytest.approx(np.mean([one.worst for one in trials]))
    assert (a.seeds, a.best, a.parameters) == ((1, 2, 3), True, 1000)
    assert rows[0].difference is None
    assert a.difference.mean.mean == pytest.approx(a.accuracy.mean - rows[0].accuracy.mean)


def test_the_summary_has_all_digits_in_percent(made):
    rows = tables.rows(made)
    lines = read(tables.summary_csv(rows))
    assert float(lines[1]["accuracy"]) == 100 * rows[1].accuracy.mean
    assert float(lines[1]["accuracy of art"]) == 100 * rows[1].per_task["art"]
    assert float(lines[1]["difference low"]) == 100 * rows[1].difference.mean.low
    assert lines[0]["difference"] == ""


def test_a_line_a_trial_and_task(made):
    lines = read(tables.trials_csv(made))
    assert len(lines) == 18 * 2
    assert (lines[0]["method"], lines[0]["task"], lines[0]["test images"]) == ("zero_shot", "art", "40")


def test_the_document_is_json_with_a_format_and_null_for_the_unknown(made):
    document = json.loads(tables.comparison_json(made, tables.rows(made), answer(made)))
    assert (document["format"], document["version"]) == ("mmap-studio-comparison", 1)
    assert document["about"]["seconds"] is None
    assert document["answer"]["text"] == answer(made).text
    assert len(document["rows"]) == 6
    assert len(document["trials"][0]["per_task"]["art"]["per_class"]) == 4


HOSTILE = '=HYPERLINK("x")|\\input{x}$&<b>\x1b[2J'


def hostile(made):
    trials = [replace(one, title=HOSTILE) if one.method == "a" else one for one in made.trials]
    return replace(made, trials=tuple(trials))


def test_a_title_is_text_everywhere(made):
    asked = hostile(made)
    rows = tables.rows(asked)
    for text in (tables.summary_csv(rows), tables.trials_csv(asked)):
        assert any(cell.startswith("'=HYPERLINK") for line in csv.reader(io.StringIO(text)) for cell in line)
        assert not any(cell.startswith("=") for line in csv.reader(io.StringIO(text)) for cell in line)
        assert "\x1b" not in text
    assert r"\textbackslash{}input\{x\}\$\&" in tables.latex_table(asked, rows)
    assert r"\|" in tables.markdown_table(asked, rows)
    assert r"\<b\>" in tables.markdown_table(asked, rows)


def test_every_line_has_as_many_cells_as_the_head(made):
    rows = tables.rows(made)
    lines = [line for line in tables.latex_table(made, rows).splitlines() if line.endswith(r"\\") and "&" in line]
    assert {line.count(" & ") for line in lines} == {len(tables.HEAD) - 1}
    text = tables.markdown_table(made, rows)
    assert {line.count(" | ") for line in text.splitlines() if line.startswith("|")} == {len(tables.HEAD) - 1}
    assert r"\textbf{" in tables.latex_table(made, rows)


def test_balanced_accuracy_counts_every_class_alike(made):
    rows = tables.rows(made)
    shares = [
        [one.per_task[task].right[one.per_task[task].labels == label].mean() for label in range(4)]
        for one in made.of("a", made.amounts[0])
        for task in made.tasks
    ]
    assert rows[1].balanced_accuracy == pytest.approx(np.mean(shares))
    lines = read(tables.summary_csv(rows))
    assert float(lines[1]["balanced accuracy"]) == 100 * rows[1].balanced_accuracy
    assert lines[0]["balanced difference"] == ""
    assert float(lines[1]["balanced difference low"]) == 100 * rows[1].balanced_difference.low


def test_a_ranking_by_balanced_accuracy_says_so_and_uses_it():
    made = rare_class_gained()
    rows = tables.rows(replace(made, measure="balanced_accuracy"))
    by_accuracy = tables.rows(made)
    assert by_accuracy[1].accuracy.mean == pytest.approx(by_accuracy[0].accuracy.mean - 0.1)
    assert rows[1].accuracy.mean == pytest.approx(rows[1].balanced_accuracy)
    assert rows[1].accuracy.mean > rows[0].accuracy.mean
    assert rows[1].worst == pytest.approx(rows[1].per_task["art"])
    assert tables.caption(made, by_accuracy).startswith("Top-1 accuracy")
    assert tables.caption(replace(made, measure="balanced_accuracy"), rows).startswith("Balanced accuracy")
