"""Controls: tasks with exchanged class names are found as groups, with evidence, and gain apart; equal ones are not.

Both halves show the same corners; in the second half the names of the classes are exchanged in pairs, so that what one
half teaches is wrong in the other.
"""

from dataclasses import replace

import numpy as np

from mmap_studio.config import AffinitySettings, PromptSettings, TrainSettings
from mmap_studio.method.grouping.evidence import suggested_grouping
from mmap_studio.method.grouping.grouping import Grouping
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.training import train, train_shared

NAMES = ("a", "b", "c", "d")
PLANTED = Grouping.parse("a+b,c+d", NAMES)
PROMPT = PromptSettings(tokens=2, source_rows=2, source_columns=8, depth=2, parts="group")
TRAINING = TrainSettings(epochs=80, batch_size=16, optimizer="adamw", learning_rate=0.1, crop=1.0, flip=False)
AFFINITY = AffinitySettings(epochs=22, every=1)


def tasks(exchanged: bool):
    """Four tasks of one world; with `exchanged`, the labels of the last two are swapped in pairs."""

    def own(images, number):
        labels = images.labels ^ 1 if exchanged and number >= 2 else images.labels
        return tiny.DecodedImages(images.images, labels)

    made = [tiny.task(name, seed=number) for number, name in enumerate(NAMES)]
    return [
        replace(one, **{part: own(getattr(one, part), number) for part in ("train", "val", "test")})
        for number, one in enumerate(made)
    ]


def suggestion(specs):
    (*_, last) = (
        report.affinity
        for report in train_shared(tiny.clip(), specs, PROMPT, TRAINING, AFFINITY, seed=1)
        if report.affinity is not None
    )
    return suggested_grouping(last.matrix(normalised=True), last.scaled(normalised=True), NAMES)


def final_loss(specs, grouping):
    """Mean training loss of all tasks over the last five steps."""
    losses = {}
    for report in train(tiny.clip(), specs, grouping, PROMPT, TRAINING, seed=1):
        for name, loss in report.losses.items():
            losses.setdefault(name, []).append(loss)
    return np.mean([one[-5:] for one in losses.values()])


def test_planted_groups_are_found_with_evidence():
    found = suggestion(tasks(exchanged=True))
    assert found.evidence.found, found.evidence.sentence
    assert found.grouping == PLANTED


def test_without_planted_groups_there_is_no_evidence():
    found = suggestion(tasks(exchanged=False))
    assert not found.evidence.found
    assert found.grouping == Grouping.together(NAMES)


def test_training_in_the_planted_groups_beats_training_together():
    specs = tasks(exchanged=True)
    assert final_loss(specs, PLANTED) < final_loss(specs, Grouping.together(NAMES)) - 0.15
