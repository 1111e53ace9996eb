"""What a run folder has of the losses, however the training ends."""

import pytest

from mmap_studio.session.events import PhaseEnded, Stepped
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.training import StepReport
    from mmap_studio.session.run.run_recorder import RunRecorder


ENDS = [lambda to: to.hear(PhaseEnded("affinity", 1.0)), lambda to: to.end("cancelled", "stop")]


@pytest.mark.parametrize("end", ENDS)
def test_the_losses_of_an_epoch_that_has_no_end_of_its_own_are_kept(tmp_path, end):
    recorder = RunRecorder(projects.make(tmp_path))
    for step in (1, 2):
        recorder.hear(Stepped("affinity", StepReport(("art",), step, 4, 1, {"art": 1.0 / step}, 0.1)))
    end(recorder)
    (row,) = recorder.run.metrics()
    assert row["losses"] == {"art": [1.0, 0.5]}
