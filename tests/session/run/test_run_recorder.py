"""What a run folder has of the losses, however the training ends."""

import pytest

from mmap_studio.session.events import PhaseEnded, Stepped
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.run_options import RunOptions
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.training import StepReport
    from mmap_studio.session.run.run_recorder import RunRecorder


ENDS = [lambda to: to.hear(PhaseEnded("affinity", 1.0)), lambda to: to.end("cancelled", "stop")]


@pytest.mark.parametrize("end", ENDS)
def test_the_losses_of_an_epoch_that_has_no_end_of_its_own_are_kept(tmp_path, end):
    recorder = RunRecorder(projects.make(tmp_path), RunOptions())
    for step in (1, 2):
        recorder.hear(Stepped("affinity", StepReport(("art",), step, 4, 1, {"art": 1.0 / step}, 0.1)))
    end(recorder)
    (row,) = recorder.run.metrics()
    assert row["losses"] == {"art": [1.0, 0.5]}


def test_a_run_that_goes_on_writes_no_row_twice(tmp_path):
    from mmap_studio.session.events import SplitChosen

    project = Project.new(tmp_path / "p", [], "p")
    first = RunRecorder(project, RunOptions())
    rows = [
        {"what": "epoch", "phase": "training", "note": "", "members": [name], "epoch": epoch, "losses": {name: [1.0]}}
        for name in ("a", "b")
        for epoch in (1, 2)
    ]
    split = SplitChosen("a", "given", None, "d", {"train": 1})
    first.hear(split)
    for row in rows[:3]:
        first._append(row)
    first.end("cancelled", "")

    again = RunRecorder(project, RunOptions(resume=True))
    assert again.path == first.path
    again.hear(split)
    for row in rows[2:]:  # group a came from the cache, and group b is trained from its first epoch
        again._append(row)
    found = again.run.metrics()
    assert [(row.get("members"), row.get("epoch")) for row in found if row["what"] == "epoch"] == [
        (["a"], 1), (["a"], 2), (["b"], 1), (["b"], 2)
    ]  # fmt: skip
    assert [row["what"] for row in found].count("split") == 1


def test_what_a_killed_process_left_beside_the_splits_is_swept(tmp_path):
    from mmap_studio.storage.temporaries import host
    from tests.storage.scenarios import dead_process

    project = Project.new(tmp_path / "p", [], "p")
    (project.folder / "splits").mkdir()
    left = [folder / f".mmap-{host()}-{dead_process()}-0.tmp" for folder in (project.folder, project.folder / "splits")]
    for path in left:
        path.write_text("half")
    RunRecorder(project, RunOptions())
    assert not [path for path in left if path.exists()]
