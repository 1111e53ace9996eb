"""The curves of the newest run are there again, read from its run folder."""

import math
from dataclasses import replace

import pytest

from mmap_studio.session.events import Notice, Stepped
from mmap_studio.session.results.past_curves import past_curves
from mmap_studio.session.run.run_options import RunOptions
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.training import StepReport, TrainedGroup
    from mmap_studio.session.run.run_recorder import RunRecorder


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path)


def step(number: int, epoch: int, loss: float, accuracy: float | None = None, phase: str = "training") -> "Stepped":
    validation = ({},) * (epoch - 1) + ({"art": accuracy},)
    group = None if accuracy is None else TrainedGroup(("art",), {}, {}, epoch, validation, False)
    return Stepped(phase, StepReport(("art",), number, 4, epoch, {"art": loss}, 0.1, group=group))


def recorded(project, *events, resume=False) -> str:
    recorder = RunRecorder(project, RunOptions(resume=resume))
    for event in events:
        recorder.hear(event)
    recorder.end("cancelled", "")
    return recorder.path.name


def test_losses_and_accuracies_come_back_step_by_step(project):
    steps = step(1, 1, 3.0), step(2, 1, math.nan, 0.25), step(3, 2, 1.0, 0.5), step(1, 1, 9.0, phase="affinity")
    name = recorded(project, *steps)
    recorded(project, Notice("a run in which all came from the cache"))
    (found,) = past_curves(project)
    assert found.run == name
    assert found.losses["training", "", "art"].tolist() == [[1, 3], [3, 1]]
    assert found.losses["affinity", "", "art"].tolist() == [[1], [9]]
    assert {key: one.tolist() for key, one in found.accuracies.items()} == {
        ("training", "", "art"): [[1, 2], [0.25, 0.5]]
    }


def test_a_training_begun_once_more_replaces_the_one_that_was_stopped(project):
    recorded(project, step(1, 1, 3.0), step(2, 1, 2.0), step(3, 1, 1.0))
    recorded(project, step(1, 1, 5.0), step(2, 1, 4.0, 0.5), resume=True)
    (found,) = past_curves(project)
    assert found.losses["training", "", "art"].tolist() == [[1, 2], [5, 4]]


def test_runs_of_other_tasks_or_another_backbone_are_passed_over_and_so_are_damaged_ones(project):
    name = recorded(project, step(1, 1, 3.0, 0.5))
    recorded(project.with_backbone("starter"), step(1, 1, 2.0, 0.5))
    recorded(replace(project, file=project.file.model_copy(update={"tasks": project.file.tasks[:1]})), step(1, 1, 1.0))
    (project.runs / recorded(project, step(1, 1, 0.0)) / "config.toml").write_text("no [toml")
    (found,) = past_curves(project)
    assert found.run == name
