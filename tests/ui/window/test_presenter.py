"""Events are heard by the name of their class: every handler must name one that exists, or it is never called."""

import inspect

import pytest

from mmap_studio.session import events
from mmap_studio.session.estimates.progress import RunProgress
from mmap_studio.session.results import past_affinity, past_curves
from mmap_studio.session.runtime import job
from mmap_studio.session.studio import engine, event_handlers, knowledge, studio
from mmap_studio.ui.window.presenter import Conductor

KNOWN = {
    name
    for module in (events, event_handlers, job, knowledge, past_curves, past_affinity, studio, engine)
    for name, kind in inspect.getmembers(module, inspect.isclass)
    if kind.__module__ == module.__name__
}


LISTENERS = (Conductor, "_on_"), (studio.Studio, "_take_"), (RunProgress, "_hear_")


@pytest.mark.parametrize(("listener", "prefix"), LISTENERS)
def test_every_handler_names_an_event_there_is(listener, prefix):
    handlers = {name.removeprefix(prefix) for name in dir(listener) if name.startswith(prefix)}
    assert len(handlers) > 4
    assert handlers <= KNOWN
