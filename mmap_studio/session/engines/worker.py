"""A worker: what runs in a process of `LocalProcesses`, job after job.

It ends with the process that started it, however that ends: a thread waits for the other end of the pipe to close.
Loads torch only when a job does, after threads and devices are set.
"""

import os
import signal
import sys
import threading
from collections.abc import Generator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from mmap_studio.errors import Interrupted
from mmap_studio.session.engines.engine import Job, Site
from mmap_studio.session.engines.error_text import words_of

STOP = "stop"
"""Sent to the worker: end the job in hand."""
EVENT, STOPPING, DONE, ERROR = "event", "stopping", "done", "error"
"""Sent by the worker, each with a value: an event, nothing, nothing, words of an error."""


@dataclass(frozen=True)
class Share:
    """What one of the processes may use."""

    threads: int
    gpu: int | None = None
    """Number of the only GPU it sees; None leaves them as they are."""
    nice: int = 0
    """How far it gives way to others on the same cores, such as a window; 0 to 19."""
    memory: float = 1.0
    """Of its GPU's memory; asking for more is an out-of-memory error, which training answers with smaller parts."""

    def take(self) -> None:
        """Hold this process to it; to be called before torch is imported, and harmless afterwards."""
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[name] = str(self.threads)
        if self.nice and hasattr(os, "nice"):  # Windows has none
            os.nice(self.nice)
        if self.gpu is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = str(self.gpu)
        if self.memory < 1:
            hold_memory(self.memory)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(self.threads)
        if "numpy" in sys.modules:  # it has read the variables
            import threadpoolctl

            threadpoolctl.threadpool_limits(self.threads)


def hold_memory(share: float) -> None:
    """Let this process have so much of its GPU's memory and no more: nothing else enforces a share."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(share)


def serve(connection: Connection, share: Share) -> None:
    """Do jobs as they come, until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal all processes get it; the one that asked says stop
    os.dup2(2, 1)  # standard output is that one's
    sys.stdout = sys.stderr  # by the line: the end may be sudden, and would take what waits along
    share.take()
    worker = _JobLoop(connection)
    threading.Thread(target=worker.listen, name="mmap-orders", daemon=True).start()
    while True:
        worker.do(worker.jobs.get())


class _JobLoop:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.jobs: SimpleQueue[Job] = SimpleQueue()
        self._stop = threading.Event()

    def listen(self) -> None:
        """The thread: take orders; without anybody who gives them the process ends here and now."""
        try:
            while True:
                order = self._connection.recv()
                if order == STOP:
                    self._stop.set()
                else:
                    self._stop.clear()
                    self.jobs.put(order)
        except (EOFError, OSError):
            os._exit(0)

    def do(self, job: Job) -> None:
        """One job to its end, its failure or the order to stop."""
        told = False

        def watch() -> None:
            nonlocal told
            if self._stop.is_set():
                if not told:
                    told = True
                    self._say(STOPPING)
                raise Interrupted

        try:
            events = job.begun(Site(watch))
            try:
                for event in events:
                    self._say(EVENT, event)
                    watch()
            finally:
                if isinstance(events, Generator):
                    events.close()
        except BaseException as error:
            self._say(ERROR, words_of(error))
            if not isinstance(error, Exception):
                os._exit(1)
        else:
            self._say(DONE)

    def _say(self, what: str, value: Any = None) -> None:
        try:
            self._connection.send((what, value))
        except OSError:
            os._exit(0)
