"""The sentence after a run: the gain and how sure it is, the cheapest alternative that is as good, the next step."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mmap_studio.session.board.board import Board
from mmap_studio.session.events import Scores
from mmap_studio.session.results.intervals import PairedTests
from mmap_studio.session.studio.knowledge import Knowledge
from mmap_studio.session.studio.what_now import AGAIN, CONTROLS, EXPORT, FIRST, WhatNow, unread_images, what_now

N = 100
LABELS = np.ones(N, np.int64)


def right(count):
    """An evaluation with the first so many images right."""
    return SimpleNamespace(accuracy=count / N, predictions=(np.arange(N) < count).astype(np.int64))


def row(parameters, *counts):
    results = [SimpleNamespace(per_task={"a": right(one)}, parameters=parameters) for one in counts]
    return SimpleNamespace(results=results, newest=results[-1])


@pytest.fixture
def known():
    made = Knowledge()
    made.tests = PairedTests({"a": LABELS}, {"a": np.arange(N)})
    made.methods = {"zero_shot": Scores("zero_shot", {"a": right(50)}, 0)}
    made.current = {"a": right(70)}
    return made


def test_a_gain_with_its_interval_and_more_seeds_next(known):
    found = what_now(Board(["a"]), known, row(1000, 70))
    half = known.tests.half_widths([known.current], [known.methods["zero_shot"].per_task], ["a"])[-1]
    assert found.sentence == f"+20.0 ± {half:.1f} points against zero-shot, more than noise, one seed."
    assert (found.step, found.label) == (AGAIN, "Repeat with 3 seeds")


def test_a_gain_within_noise_says_so_first(known):
    known.current = {"a": right(53)}
    found = what_now(Board(["a"]), known, row(1000, 53))
    assert found.sentence.startswith("+3.0 ± ")
    assert "points: within noise of zero-shot, one seed" in found.sentence


def test_after_three_seeds_alternatives_follow_and_then_the_export(known):
    found = what_now(Board(["a"]), known, row(1000, 70, 71, 69))
    assert "3 seeds" in found.sentence
    assert found.step == CONTROLS
    known.methods["linear_probe"] = Scores("linear_probe", {"a": right(70)}, 300)
    known.methods["finetune"] = Scores("finetune", {"a": right(90)}, 9000)
    found = what_now(Board(["a"]), known, row(1000, 70, 71, 69))
    assert found.step == EXPORT
    assert "is as good with 300 trainable parameters." in found.sentence
    known.methods["linear_probe"] = Scores("linear_probe", {"a": right(52)}, 300)
    assert "as good" not in what_now(Board(["a"]), known, row(1000, 70, 71, 69)).sentence


def test_a_measured_affinity_says_whether_there_is_evidence_and_that_groups_can_be_trained(known):
    board = Board(["a", "b"])
    known.current = {}
    assert what_now(Board(), known, None).sentence == ""
    assert what_now(board, known, None) == WhatNow(FIRST, "")
    known.estimate, board.evidence = SimpleNamespace(), SimpleNamespace(sentence="No evidence for groups.")
    assert what_now(board, known, None) == WhatNow("No evidence for groups.", ""), "Run is beside it"
    known.current = {"a": right(70)}  # half of the board is trained: nothing to say of the whole
    assert what_now(board, known, None).sentence == ""


def test_scores_that_are_remembered_without_predictions_claim_no_interval(known):
    known.methods["zero_shot"] = replace(known.methods["zero_shot"], per_task={"a": SimpleNamespace(accuracy=0.5)})
    assert what_now(Board(["a"]), known, row(1000, 70)).sentence == "+20.0 points against zero-shot, one seed."


def test_images_that_cannot_be_read_are_told_by_task_in_one_sentence():
    known = Knowledge()
    assert unread_images(known) == ""
    known.unread = {"art": (2, 18)}
    assert unread_images(known) == "Images that cannot be read are left out: 2 of 18 of 'art'."
    known.unread |= {"ink": (1, 9), "oil": (1, 1200), "pen": (4, 5), "wax": (1, 5)}
    assert unread_images(known).endswith("2 of 18 of 'art', 1 of 9 of 'ink', 1 of 1,200 of 'oil', 2 other tasks.")
