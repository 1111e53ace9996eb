"""The list of runs: which one a name means, whatever records and names there are."""

import time

import pytest

from mmap_studio.session.project.project_file import write_project_file
from mmap_studio.session.results.interrupted import interrupted_run
from mmap_studio.session.results.results import recorded_results
from mmap_studio.session.run.run_options import public_file
from mmap_studio.session.runs.about import edit_about
from mmap_studio.session.runs.listing import find_entry, runs_of
from mmap_studio.storage import atomic
from mmap_studio.storage.json_text import sealed
from mmap_studio.storage.runs import RECORD
from tests import projects
from tests.session.runs.recorded import START, run_of


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path)


def record(run, **changes):
    atomic.write_text(run.path / RECORD, sealed({**run.record(), **changes}))


def test_a_time_without_a_zone_is_utc_wherever_it_is_read(project, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        first, second = run_of(project), run_of(project, 1, state="cancelled")
        naive = START.replace(tzinfo=None).isoformat()
        record(first, started=naive, ended=naive)
        entries = runs_of(project)
        assert entries[1].started == entries[1].ended == START
        assert find_entry(entries, "latest").run == second
        assert recorded_results(project)[0][0].when == START
        second.write_config(write_project_file(public_file(project.file)))
        record(second, started=naive)
        assert interrupted_run(project).began == START
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "9999-12-31T23:59:59", "9999-12-31T23:59:59-14:00", "soon"])
def test_a_time_that_no_clock_shows_is_none(project, monkeypatch, text):
    for zone in ("America/New_York", "Asia/Tokyo"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        run = run_of(project)
        record(run, started=text)
        shown = runs_of(project)[0].started
        assert shown is None or f"{shown.astimezone():%Y-%m-%d}"
    monkeypatch.undo()
    time.tzset()


def test_a_folders_own_name_means_that_run_whatever_another_is_called(project):
    first, second = run_of(project), run_of(project, 1)
    edit_about(first, name=second.name)
    entries = runs_of(project)
    assert find_entry(entries, second.name).run == second
    assert find_entry(entries, first.name).run == first
    edit_about(first, name=second.name[:14])
    assert find_entry(runs_of(project), second.name[:14]).run == first
