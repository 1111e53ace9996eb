"""The engine of one computer: processes beside this one, each with its threads and its share of a GPU."""

import multiprocessing
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from mmap_studio.formatting import counted
from mmap_studio.session.engines.engine import Ended, Engine, Failed, Job, Lost, Message, Node, Resources, Told
from mmap_studio.session.engines.error_text import error_of
from mmap_studio.session.engines.worker import DONE, ERROR, EVENT, STOP, STOPPING, Share, serve
from mmap_studio.session.runtime.cores import cores

PATIENCE = 0.5
"""Seconds a job has to hear that it is to stop; then its process is ended, which harms nothing on disk."""
CLEARING = 5.0
"""Seconds that one which has heard it then has to keep what it has."""
RESERVE = 0.9
"""Of a GPU's memory that processes share; the rest is for what each takes outside of torch's accounts."""
AT_ONCE = 200
"""Messages of one process that are read before the others have their turn."""


@dataclass
class _WorkerProcess:
    process: BaseProcess
    connection: Connection
    share: Share
    job: Job | None = None
    stopping: bool = False
    """Whether it has said that it stops."""


class LocalProcesses(Engine):
    """Up to `count` processes, started when they are needed, each of which does job after job.

    threads : of each process; by default this computer's cores shared out
    gpus : how many the processes share, in turn; 0 leaves devices to the jobs' settings
    nice : how far they give way to others on the same cores
    """

    def __init__(self, count: int, threads: int | None = None, gpus: int = 0, nice: int = 0) -> None:
        self._count, self._gpus, self._nice = count, gpus, nice
        self._threads = threads or max(1, cores() // count)
        self._workers: list[_WorkerProcess] = []

    @property
    def resources(self) -> Resources:
        name = f"{counted(self._count, 'process', 'processes')} of {counted(self._threads, 'thread')}"
        return Resources(name, self._count, self._threads, (Node("this computer", cores(), self._gpus),))

    def submit(self, job: Job) -> None:
        idle = next((one for one in self._workers if one.job is None), None)
        worker = idle or self._started()
        worker.job, worker.stopping = job, False
        with suppress(OSError):  # it died while it had nothing to do: `messages` finds out
            worker.connection.send(job)

    def messages(self, seconds: float) -> list[Message]:
        busy = {one.connection: one for one in self._workers if one.job is not None}
        found: list[Message] = []
        for connection in wait(list(busy), seconds):
            assert isinstance(connection, Connection)
            found += self._heard(busy[connection])
        return found

    def cancel(self, names: Collection[str]) -> None:
        left = {one.process.pid: one for one in self._workers if one.job is not None and one.job.name in names}
        for worker in left.values():
            with suppress(OSError):
                worker.connection.send(STOP)
        began = time.monotonic()
        while left:
            wait([one.connection for one in left.values()], 0.05)
            for pid, worker in list(left.items()):
                if worker.connection.poll():
                    self._heard(worker)
                limit = CLEARING if worker.stopping else PATIENCE
                if worker.job is None:
                    del left[pid]
                elif time.monotonic() - began > limit:
                    self._end(worker)
                    del left[pid]

    def close(self) -> None:
        self.cancel([one.job.name for one in self._workers if one.job is not None])
        for worker in self._workers:
            worker.connection.close()  # which ends it
        for worker in self._workers:
            _ended(worker.process)
        self._workers.clear()

    def _started(self) -> _WorkerProcess:
        share = self._share()
        context = multiprocessing.get_context("spawn")  # a fork has torch's locks without the threads that hold them
        here, there = context.Pipe()
        process = context.Process(target=serve, args=(there, share), name="mmap-worker", daemon=True)
        with _without_interrupts():
            process.start()
        there.close()
        worker = _WorkerProcess(process, here, share)
        self._workers.append(worker)
        return worker

    def _share(self) -> Share:
        """What the next process may use: the GPU that fewest have, and as much of it as each of them."""
        if not self._gpus:
            return Share(self._threads, nice=self._nice)
        used = [one.share.gpu for one in self._workers]
        gpu = min(range(self._gpus), key=lambda number: (used.count(number), number))
        together = -(-self._count // self._gpus)
        return Share(self._threads, gpu, self._nice, 1.0 if together == 1 else RESERVE / together)

    def _heard(self, worker: _WorkerProcess) -> list[Message]:
        """What lies in a worker's pipe; its end, where the process is gone."""
        assert worker.job is not None
        job = worker.job
        found: list[Message] = []
        try:
            while len(found) < AT_ONCE and worker.connection.poll():
                what, value = worker.connection.recv()
                if what == EVENT:
                    found.append(Told(job, value))
                elif what == STOPPING:
                    worker.stopping = True
                else:
                    assert what in (DONE, ERROR)
                    worker.job = None
                    found.append(Ended(job) if what == DONE else Failed(job, error_of(value, job.title)))
                    break
        except Exception:  # its end, or half a message
            found.append(Lost(job, f"its process {self._end(worker)}"))
        return found

    def _end(self, worker: _WorkerProcess) -> str:
        """How a worker ended, after this at the latest."""
        self._workers.remove(worker)
        worker.connection.close()
        worker.job = None
        return how(_ended(worker.process))


def _ended(process: BaseProcess) -> int:
    """The code of a process whose pipe is closed, which ends it; by force, where it takes long."""
    process.join(PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
    code = process.exitcode
    process.close()
    return code or 0


def how(code: int) -> str:
    """``was ended by SIGKILL`` or ``ended with code 3``."""
    if code >= 0:
        return f"ended with code {code}"
    with suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes that are started inside do not hear Ctrl+C, from their first moment on."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
