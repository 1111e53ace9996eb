"""The queue and interpolated weights: one training for all that use it, the curve that is kept, and its plot."""

import numpy as np
import pytest

from mmap_studio.session.compare.options import CompareOptions, parse_amounts
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later
from tests.session.compare.test_queue import walked

with imported_later():
    from mmap_studio.method.rivals.weights.low_rank_update import ClipLora
    from mmap_studio.session.compare import plots
    from mmap_studio.session.compare.queue import compare
    from mmap_studio.session.compare.tables import rows


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("shares"))


def asked(clip, *methods, seeds=(1,), **more):
    return CompareOptions(methods, parse_amounts("full"), seeds, False, clip=clip, **more)


@pytest.fixture(scope="module")
def made(project, clip, store):
    walked(compare(project, asked(clip, "clip_lora", "clip_lora:per_task"), store))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClipLora, "fit", None)
        methods = ("clip_lora", "clip_lora_wise", "clip_lora_wise:per_task")
        return walked(compare(project, asked(clip, *methods), store))[1]


def test_a_training_that_is_kept_is_not_made_again(made):
    trials = {one.method: one for one in made.trials}
    assert set(trials) == {"zero_shot", "clip_lora", "clip_lora_wise", "clip_lora_wise:per_task"}
    lora, wise = trials["clip_lora"], trials["clip_lora_wise"]
    assert (wise.steps, wise.images_seen, wise.parameters) == (lora.steps, lora.images_seen, lora.parameters)
    assert wise.seconds > lora.seconds
    assert 0 <= wise.values["share"] <= 1


def test_the_curve_goes_from_zero_shot_to_what_was_trained(made):
    trials = {one.method: one for one in made.trials}
    for name in ("clip_lora_wise", "clip_lora_wise:per_task"):
        assert trials[name].curve.keys() == trials[name].per_task.keys()
        assert trials[name].curve_overall[0] == pytest.approx(trials["zero_shot"].accuracy)
    wise, lora = trials["clip_lora_wise"], trials["clip_lora"]
    if not lora.at_zero_shot:
        assert wise.curve_overall[-1] == pytest.approx(lora.accuracy)
    chosen = round(10 * wise.values["share"])
    if not wise.at_zero_shot:
        assert wise.curve_overall[chosen] == pytest.approx(wise.accuracy)
    assert len(lora.curve_overall) == 0


def test_trained_together_or_after_one_another_is_the_same(project, clip, made):
    _, both = walked(compare(project, asked(clip, "clip_lora", "clip_lora_wise"), MemoryStore()))
    one, other = (next(t for t in c.trials if t.method == "clip_lora_wise") for c in (both, made))
    assert one.curve == other.curve
    assert one.values == other.values
    assert all(np.array_equal(one.per_task[t].predictions, other.per_task[t].predictions) for t in one.per_task)


def test_the_report_has_the_curves_of_an_amount(made):
    (amount,) = made.amounts
    names = [one.name for one in plots.plots(made, rows(made), {})]
    assert "shares-full" in names
    (axes,) = plots.accuracy_over_shares(made, amount).axes
    lines = [line for line in axes.lines if len(line.get_xdata()) == 11]
    assert len(lines) == 2
    curve = next(one for one in made.trials if one.method == "clip_lora_wise").curve_overall
    assert any(np.allclose(line.get_ydata(), 100 * curve) for line in lines)
    assert "shares-full" not in [
        one.name for one in plots.plots(with_ranked(made, "balanced_accuracy"), rows(made), {})
    ], "the curve is of accuracy"


def with_ranked(made, measure):
    from dataclasses import replace

    return replace(made, measure=measure)
