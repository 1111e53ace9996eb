"""The one background thread, and the states it can be in.

    idle -> preparing -> running <-> paused -> stopping -> done | failed | cancelled

A job walks a generator of events: pausing is not asking for the next one, stopping is raising a flag (which the
engine looks at inside its longest steps) and closing the generator. Whatever happens in the thread, even a
`MemoryError` or a `KeyboardInterrupt`, the run ends in one of the three last states, and the mailbox says so.
"""

import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from enum import Enum

from mmap_studio.errors import Interrupted, StudioError
from mmap_studio.session.events import Event
from mmap_studio.session.runtime.cores import beside_a_window
from mmap_studio.session.runtime.gc_paused import uncollected
from mmap_studio.session.runtime.heap import give_back
from mmap_studio.session.runtime.mailbox import Mailbox

SWITCH_INTERVAL = 0.001
"""Seconds a thread may hold Python: short, so that the window gets its turn (measured: half the lateness)."""


class State(Enum):
    IDLE = "idle"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


BUSY = frozenset({State.PREPARING, State.RUNNING, State.PAUSED, State.STOPPING})
"""States with a thread behind them."""


@dataclass(frozen=True)
class StateChanged(Event):
    state: State


@dataclass(frozen=True)
class Finished(Event):
    """The last letter of every run."""

    state: State
    """DONE, FAILED or CANCELLED."""
    message: str = ""
    """One sentence with a remedy, where it failed."""
    details: str = ""
    """The traceback, to copy into a report."""


class Stop:
    """What the work is handed to learn that it should end; callable, as the engine's watch wants it."""

    def __init__(self) -> None:
        self._flag = threading.Event()

    @property
    def raised(self) -> bool:
        """Whether the work should end."""
        return self._flag.is_set()

    def __call__(self) -> None:
        if self._flag.is_set():
            raise Interrupted

    def rest(self, seconds: float) -> None:
        """Wait; the end of the work ends it."""
        self._flag.wait(seconds)
        self()

    def raise_flag(self) -> None:
        """Ask the work to end."""
        self._flag.set()


Work = Callable[[Stop], Iterator[Event]]


class BackgroundJob:
    """Runs one work at a time; every method may be called at any moment and says whether it did something."""

    def __init__(self, on_thread: Callable[[], None] | None = None) -> None:
        self.mailbox = Mailbox()
        self.run = 0
        """Number of the run; letters of an older one are stale."""
        self._on_thread = on_thread or leave_a_core
        self._state = State.IDLE
        self._condition = threading.Condition()
        self._stop = Stop()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> State:
        return self._state

    @property
    def busy(self) -> bool:
        """Whether a run is under way."""
        return self._state in BUSY

    def start(self, work: Work) -> bool:
        """Begin; refused (False) while a run is under way."""
        with self._condition:
            if self.busy:
                return False
            self.run += 1
            self._stop = Stop()
            self._enter(State.PREPARING)
            self._thread = threading.Thread(target=self._live, args=(work, self._stop), name="mmap-job", daemon=True)
            self._thread.start()
        return True

    def pause(self) -> bool:
        """Rest after the step that is being computed."""
        return self._change({State.RUNNING}, State.PAUSED)

    def resume(self) -> bool:
        return self._change({State.PAUSED}, State.RUNNING)

    def stop(self) -> bool:
        """End soon and keep what is finished; works in every phase, also while paused."""
        changed = self._change({State.PREPARING, State.RUNNING, State.PAUSED}, State.STOPPING)
        if changed:
            self._stop.raise_flag()
        return changed

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the thread; True when there is none any more."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    # ---- in the thread

    def _live(self, work: Work, stop: Stop) -> None:
        end = Finished(State.FAILED, "The work ended without a word.")
        try:
            self._on_thread()
            end = self._walk(work, stop)
        except Interrupted:
            end = Finished(State.CANCELLED)
        except BaseException as error:  # RuntimeError and MemoryError from torch, and whatever else: never silent
            end = Finished(State.FAILED, _sentence(error), traceback.format_exc())
        finally:
            give_back()
            with self._condition:
                self._enter(end.state)
                self.mailbox.post(self.run, end)

    def _walk(self, work: Work, stop: Stop) -> Finished:
        events = work(stop)
        try:
            for event in events:
                self.mailbox.post(self.run, event)
                self._change({State.PREPARING}, State.RUNNING)
                with self._condition:
                    self._condition.wait_for(lambda: self._state is not State.PAUSED)
                if stop.raised:
                    return Finished(State.CANCELLED)
        finally:
            if isinstance(events, Generator):
                events.close()
        return Finished(State.DONE)

    # ---- the state machine

    def _change(self, of: set[State], to: State) -> bool:
        with self._condition:
            if self._state not in of:
                return False
            self._enter(to)
            return True

    def _enter(self, state: State) -> None:
        self._state = state
        self.mailbox.post(self.run, StateChanged(state))
        self._condition.notify_all()


def _sentence(error: BaseException) -> str:
    if isinstance(error, StudioError):
        return str(error)
    text = str(error).strip().split("\n")[0]
    if isinstance(error, MemoryError) or "out of memory" in text.lower():
        return "The memory does not suffice; lower the batch size or raise micro-batches, then start again."
    text = text or "no further word"
    return f"{type(error).__name__}: {text}. Start again; if it repeats, copy the details into a report."


def leave_a_core() -> None:
    """For the thread that works on a CPU: a thread a physical core, less the window's; fewer where fewer were asked."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    with nullcontext() if "torch" in sys.modules else uncollected():
        import torch  # seconds, the first time: not before a window stands

    torch.set_num_threads(min(torch.get_num_threads(), beside_a_window()))
