"""Which engine is meant."""

import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.engines import choice


def test_without_a_number_the_work_is_done_here():
    with choice.chosen_engine() as engine:
        assert engine is None


def test_processes_share_the_gpus_that_the_jobs_would_use(monkeypatch):
    monkeypatch.setattr(choice, "gpus", lambda device: 2 if device == "auto" else 0)
    with choice.chosen_engine(4, "auto") as engine:
        assert (engine.resources.at_once, engine.resources.nodes[0].gpus) == (4, 2)
    with choice.chosen_engine(4, "cpu") as engine:
        assert engine.resources.nodes[0].gpus == 0


def test_a_device_that_is_no_gpu_asks_nobody():
    assert choice.gpus("cpu") == choice.gpus("mps") == 0


def test_no_process_is_refused():
    with pytest.raises(InputError, match="from 1 to 256"):
        choice.chosen_engine(0)
