"""Importing what is large, while Python looks for no garbage in it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection inside; what was made inside, and all there was before, is never looked through again.

    torch and open_clip make half a million objects, none of them garbage. While they are imported Python would look
    through all there are ten times and hold every thread for it, the window's too: up to 0.25 s at a time. What is
    garbage at that moment stays, so this is for what happens seldom: importing them, and opening a backbone.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()
