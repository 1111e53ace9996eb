"""The queue by other protocols: what is trained, what is tested, what is left out, and how it is kept."""

from collections import Counter
from functools import partial

import numpy as np
import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.compare.options import CompareOptions, parse_amounts
from mmap_studio.session.compare.protocols.protocol import BASE_TO_NEW, DOMAIN_OUT, SHOTS
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later
from tests.session.compare.test_queue import walked

with imported_later():
    from mmap_studio.method.rivals.method import Data, Learned, goes_beyond
    from mmap_studio.method.rivals.weights.low_rank_update import ClipLora
    from mmap_studio.session.compare.catalogue import catalogue
    from mmap_studio.session.compare.export import export_method
    from mmap_studio.session.compare.queue import Queue, compare
    from mmap_studio.session.compare.tables import rows
    from mmap_studio.session.runtime.generator_result import result

CLASSES = ("Alarm_Clock", "fox", "red car", "tall tree")
DOMAINS = ("art", "clip art", "real")
BASE, NEW = ("alarm clock", "fox"), ("red car", "tall tree")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("protocols"), DOMAINS, classes=CLASSES)


def asked(clip, protocol, *methods, **more):
    return CompareOptions(methods, parse_amounts("full"), (1,), False, clip=clip, protocol=protocol, **more)


@pytest.fixture(scope="module")
def halved(project, clip, store):
    methods = ("clip_adapter", "coop", "softcpt", "maple", "clip_lora", "mmap_suggested", "mmap_separate", "ridge")
    return walked(compare(project, asked(clip, BASE_TO_NEW, *methods), store))


@pytest.fixture(scope="module")
def left_out(project, clip, store):
    methods = ("ridge", "tip_adapter_f", "coop", "coop:pooled", "softcpt", "clip_lora", "mmap_group", "mmap_together")
    return walked(compare(project, asked(clip, DOMAIN_OUT, *methods), store))


def test_both_halves_of_every_task_are_tested(halved):
    _, comparison = halved
    assert comparison.tasks == tuple(f"{task} ({half})" for task in DOMAINS for half in ("base", "new"))
    assert comparison.about["class_names"]["art (base)"] == list(BASE)
    assert comparison.about["class_names"]["art (new)"] == list(NEW)
    for trial in comparison.trials:
        assert tuple(trial.per_task) == comparison.tasks
        assert all(len(one.labels) == 4 and one.classes == 2 for one in trial.per_task.values())
        base, new = (
            np.mean([one.evaluation.accuracy for name, one in trial.per_task.items() if name.endswith(half)])
            for half in ("(base)", "(new)")
        )
        assert trial.accuracy == pytest.approx(2 * base * new / (base + new) if base + new else 0)


def test_what_knows_no_new_class_is_left_out_and_that_is_said(halved):
    reports, comparison = halved
    assert "ridge" not in comparison.methods
    said = [one.text for one in reports if one.notice and "no answer" in one.text]
    assert said == [
        "These have no answer for classes that were not trained and are left out: Ridge + zero-shot, pooled."
    ]
    assert {one.method for one in comparison.trials} == set(comparison.methods)
    assert len(comparison.methods) == 8


def test_zero_shot_of_a_half_is_clip_among_its_classes(halved, project, clip, store):
    from mmap_studio.method.evaluation import evaluate

    queue = Queue(project, asked(clip, BASE_TO_NEW, "zero_shot"), store)
    list(queue.opened())
    (material,) = queue.materials.values()
    (trial,) = (one for one in halved[1].trials if one.method == "zero_shot")
    for one in material.tested:
        assert trial.per_task[one.name].evaluation.accuracy == evaluate(clip, one.task).accuracy


def test_new_images_are_never_trained_on(project, clip, monkeypatch):
    seen = []
    fit = ClipLora.fit

    def watched(self, data, values, seed):
        seen.append([(task.class_names, task.train.labels.max()) for task in data.tasks])
        assert [task.class_names for task in data.asked] == [NEW] * len(data.tasks)
        return (yield from fit(self, data, values, seed))

    monkeypatch.setattr(ClipLora, "fit", watched)
    walked(compare(project, asked(clip, BASE_TO_NEW, "clip_lora", "clip_lora:per_task"), MemoryStore()))
    assert seen == [[(BASE, 1)] * 3, *[[(BASE, 1)]] * 3]


def test_the_table_has_the_halves_and_their_harmonic_mean(halved):
    from mmap_studio.session.compare.answer import answer
    from mmap_studio.session.compare.tables import (
        cells,
        comparison_json,
        head,
        latex_table,
        markdown_table,
        summary_csv,
    )

    _, comparison = halved
    made = rows(comparison)
    for row in made:
        base, new = row.by_half["base"], row.by_half["new"]
        (trial,) = comparison.of(row.method, row.amount)
        assert row.accuracy.mean == pytest.approx(trial.accuracy)
        assert row.accuracy.mean == pytest.approx(2 * base * new / (base + new) if base + new else 0)
        even = [one.evaluation.balanced_accuracy for one in trial.per_task.values()]
        assert row.balanced_accuracy == pytest.approx(BASE_TO_NEW.overall(np.array(even), list(trial.per_task)))
        zero = next(one for one in made if one.method == "zero_shot")
        if row.balanced_difference is not None:
            apart = row.balanced_accuracy - zero.balanced_accuracy
            assert row.balanced_difference.mean == pytest.approx(apart, abs=1e-6)
        if row.difference is not None:
            assert row.difference.mean.mean == pytest.approx(row.accuracy.mean - zero.accuracy.mean)
        assert len(cells(row)) == len(head(comparison.protocol))
    assert head(comparison.protocol)[1:4] == ("H. mean, %", "Base", "New")
    assert "accuracy of base classes,accuracy of new classes" in summary_csv(made).splitlines()[0]
    assert "| Base | New |" in markdown_table(comparison, made)
    assert "harmonic mean of base and new classes, each a mean over 3 tasks" in latex_table(comparison, made)
    found = answer(comparison)
    assert "tested on these among themselves" in found.text
    assert '"protocol": "base-to-new"' in comparison_json(comparison, made, found)


def test_the_report_names_the_protocol_and_draws_the_harmonic_mean(halved, left_out):
    from mmap_studio.session.compare.report import report_files

    pages = [report_files(one[1])["report.html"].decode() for one in (halved, left_out)]
    assert "Base to new, 8 methods, 3 tasks, 24 test images" in pages[0]
    assert "Accuracy, harmonic mean of base and new classes on test images, %" in pages[0]
    assert "Domain left out, 7 methods, 3 tasks, 24 test images" in pages[1]
    assert "Every task is tested by models that were trained on all the other tasks." in pages[1]


def test_every_domain_is_tested_by_models_of_the_others(project, clip, monkeypatch):
    seen = []
    fit = ClipLora.fit

    def watched(self, data, values, seed):
        seen.append(([task.name for task in data.tasks], [task.name for task in data.asked]))
        return (yield from fit(self, data, values, seed))

    monkeypatch.setattr(ClipLora, "fit", watched)
    _, comparison = walked(compare(project, asked(clip, DOMAIN_OUT, "clip_lora"), MemoryStore()))
    assert seen == [([n for n in DOMAINS if n != out], [out]) for out in DOMAINS]
    zero, lora = comparison.trials
    assert tuple(zero.per_task) == tuple(lora.per_task) == DOMAINS
    assert lora.parameters == ClipLora().parameters(clip, ())


def test_a_model_a_task_is_left_out_where_a_domain_is(left_out):
    reports, comparison = left_out
    assert set(comparison.methods) == {
        "zero_shot", "ridge", "tip_adapter_f", "coop:pooled", "softcpt", "clip_lora", "mmap_group",
    }  # fmt: skip
    said = next(one.text for one in reports if one.notice and "no answer" in one.text)
    assert said == (
        "These have no answer for a domain that was not trained, having models or prompts of a task, and are left out: "
        "CoOp, per task, MmAP, all together."
    )
    assert len(comparison.trials) == 7


def test_another_scope_is_named_where_it_goes(project, clip):
    reports, _ = walked(compare(project, asked(clip, DOMAIN_OUT, "maple"), MemoryStore()))
    said = next(one.text for one in reports if one.notice and "no answer" in one.text)
    assert said.endswith("are left out: MaPLe, per task; maple:pooled can be asked for instead.")


def test_one_prompt_for_all_classifies_a_domain_it_has_not_seen(left_out, project, clip, store):
    """The same numbers come from a run on the other two tasks, whose prompt is put to the third by hand."""
    from mmap_studio.method.evaluation import evaluate
    from mmap_studio.method.training import train
    from mmap_studio.session.compare.trial_maker import with_parts
    from mmap_studio.session.run.context import RunContext, trained_bank

    queue = Queue(project, asked(clip, DOMAIN_OUT, "mmap_group"), store)
    list(queue.opened())
    (material,) = queue.materials.values()
    settings = with_parts(material.settings, catalogue()["mmap_group"])
    (trial,) = (one for one in left_out[1].trials if one.method == "mmap_group")
    for each in material.rounds:
        context = RunContext.of(queue.cached, clip, each.trained, settings)
        grouping = context.ordered(context_grouping(context))
        group = [
            one.group for one in train(clip, each.trained, grouping, context.settings.prompt, context.settings.train, 1)
        ][-1]
        prompts = trained_bank(clip, group, context.settings)()
        (out,) = each.tested
        own = evaluate(clip, out.task, None if group.worse("final") else prompts[0])
        assert np.array_equal(trial.per_task[out.name].predictions, own.predictions)
        assert (out.name in trial.at_zero_shot) == group.worse("final")


def context_grouping(context):
    from mmap_studio.method.grouping.grouping import Grouping

    return Grouping.together(context.names)


def test_protocols_have_trials_of_their_own_and_come_back(project, clip, store, halved, left_out):
    for protocol, before in ((BASE_TO_NEW, halved[1]), (DOMAIN_OUT, left_out[1])):
        reports, again = walked(compare(project, asked(clip, protocol, *before.methods, only_kept=True), store))
        ends = [one for one in reports if one.trial is not None]
        assert all(one.cached for one in ends)
        assert Counter(one.trial.method for one in ends) == Counter(one.method for one in before.trials)
        for one, two in zip(before.trials, again.trials, strict=True):
            assert one.accuracy == two.accuracy
            assert two.protocol == protocol
    _, usual = walked(compare(project, asked(clip, SHOTS, "coop", "clip_lora", only_kept=True), store))
    assert usual.trials == ()


def test_a_baseline_without_an_answer_is_refused(project, clip, store):
    options = asked(clip, BASE_TO_NEW, "coop", baseline="ridge")
    with pytest.raises(InputError, match=r"an answer by its protocol, but is with 'ridge'; choose another baseline"):
        walked(compare(project, options, store))


def test_nothing_but_the_usual_protocol_is_exported(project, clip, store, tmp_path):
    with pytest.raises(InputError, match="not by 'base-to-new'; export what was trained by 'shots'"):
        result(export_method(project, asked(clip, BASE_TO_NEW, "coop"), tmp_path / "out", store))


def test_every_method_that_says_so_has_an_answer(project, clip, store):
    """Also in its second scope; what says nothing of itself goes beyond nothing."""
    queue = Queue(project, asked(clip, BASE_TO_NEW, "all"), store)
    assert {entry.name for entry in queue.entries if entry.method} == {
        entry.name for entry in catalogue().values() if entry.method and "classes" in goes_beyond(entry.method)
    }
    for protocol in (BASE_TO_NEW, DOMAIN_OUT):
        queue = Queue(project, asked(clip, protocol, "all"), store)
        list(queue.opened())
        each = next(iter(queue.materials.values())).rounds[0]
        for entry in queue.entries:
            if entry.method is None or entry.family in ("zero_shot", "weights"):
                continue
            beside = tuple(one.task for one in each.tested if all(one.task is not task for task in each.trained))
            training = queue.project.settings.train.model_copy(update={"epochs": 1})
            data = Data(clip, each.trained, training, asked=beside, affinity=partial(np.eye, len(each.trained)))
            learned = result(entry.method.fit(data, entry.method.candidates[0], 0))
            assert isinstance(learned, Learned)
            predict = entry.method.predictor(data, learned)
            for one in each.tested:
                found = predict(one.task, one.task.test)
                assert found.shape == (len(one.task.test), len(one.task.class_names)), entry.name
                assert np.allclose(found.sum(1), 1, atol=1e-5), entry.name
    assert goes_beyond(object()) == ()
