"""Events are types that load without torch, and every listener has decided about each of them."""

import subprocess
import sys
from importlib import import_module

import pytest

from mmap_studio.session import events
from mmap_studio.session.compare.live import events as live
from mmap_studio.session.download.transfer import Downloaded, Downloading
from mmap_studio.session.events import Event
from mmap_studio.session.hub_data_sets.data_set import LookedUp
from mmap_studio.session.runtime import job
from mmap_studio.session.studio import events as studio_events
from mmap_studio.session.sweep import events as sweep

WINDOW = {kind for kind in Event.__subclasses__() if kind.__module__ == studio_events.__name__}
JOB = {job.StateChanged, job.Finished}
PIPELINE = {kind for kind in Event.__subclasses__() if kind.__module__ == events.__name__}
PAST = {events.PastAffinity, events.PastCurves, events.TriedImages}
ALL = WINDOW | JOB | PIPELINE

LISTENERS = {
    "session.studio.event_handlers:EventHandlers.handle": {
        *PAST, events.PhaseEnded, events.Notice, events.BackboneReady, events.AffinityLosses,
        events.Stepped, events.MapReady, *WINDOW - {studio_events.Loaded, studio_events.PartlyDone,
        studio_events.Recorded, studio_events.TextsCounted},
    },
    "session.estimates.progress:RunProgress.handle": {
        *PAST, *WINDOW, events.TrainingResumed, job.Finished, events.Notice, events.ImagesUnread, events.SplitChosen,
        events.Scores, events.BackboneReady, events.AffinityMeasured, events.AffinityLosses, events.GroupingChosen,
        events.Stepped, events.MapReady, events.RunEnded,
    },
    "session.run.run_recorder:RunRecorder.hear": {
        *PAST, *WINDOW, *JOB, events.Progress, events.ImagesUnread, events.TasksReady, events.BackboneReady,
        events.AffinityLosses, events.GroupReady, events.GroupScored, events.MapReady, events.RunEnded,
    },
    "cli.terminal.progress:Lines.write": ALL - {events.Notice, events.PhaseEnded},
    "cli.terminal.progress:Bars.draw": ALL
    - {events.PhaseStarted, events.Progress, events.GroupReady, events.PhaseEnded, events.TrainingResumed},
    "cli.foreground:Kept.hear": ALL
    - {events.PhaseEnded, events.GroupingChosen, events.GroupReady, events.Stepped, events.TrainingResumed},
    "ui.panels.log_text:describe": {
        *PAST, *WINDOW, *JOB, events.Progress, events.ImagesUnread, events.SplitChosen, events.AffinityMeasured,
        events.AffinityLosses, events.Stepped, events.GroupScored, events.MapReady, events.TrainingResumed,
    },
    "ui.window.presenter:Presenter.show": {
        events.TriedImages, events.PhaseEnded, events.Notice, events.ImagesUnread, events.SplitChosen,
        events.BackboneReady, events.GroupingChosen, events.GroupScored, studio_events.Saved,
    },
}  # fmt: skip
"""What each listener ignores on purpose."""


def test_events_load_without_torch():
    code = "import mmap_studio.session.events, sys; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_there_is_no_event_elsewhere():
    """Those of downloads, of a comparison and of a sweep have a mailbox of their own."""
    live_events = {kind for kind in Event.__subclasses__() if kind.__module__ in (live.__name__, sweep.__name__)}
    assert set(Event.__subclasses__()) == ALL | {Downloading, Downloaded, LookedUp} | live_events


@pytest.mark.parametrize("listener", LISTENERS)
def test_a_listener_handles_or_ignores_every_event(listener):
    module, _, path = listener.partition(":")
    owner, _, name = path.rpartition(".")
    found = import_module(f"mmap_studio.{module}")
    registry = vars(getattr(found, owner))[name].dispatcher.registry if owner else getattr(found, name).registry
    handled = set(registry) - {object}
    assert not handled & LISTENERS[listener]
    assert handled | LISTENERS[listener] == ALL
