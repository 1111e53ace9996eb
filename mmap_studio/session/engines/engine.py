"""Engines: one small protocol for wherever a job runs.

A job says what is to be done by name and small picklable values; its results are artifacts in the cache that all
engines' processes share, found by their digests. What comes back are small events. Only `Ended` says that a job is
done: a stream of events that stops without it was lost. Loads no torch.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Site:
    """Where a job finds itself."""

    watch: Callable[[], None]
    """To be called often; raises `Interrupted` when the job is to stop."""
    device: str = ""
    """The device to compute on, where the engine says so; else as the job's settings have it."""


@dataclass(frozen=True)
class Job:
    """Something to be done, small and picklable."""

    name: str
    """What it is; no other job of the same fan-out has it."""
    title: str
    """For the user, such as ``CoOp: 4 images a class, seed 1``."""
    work: str
    """``package.module:function``, which gets a `Site` and `given`, and gives an iterator of small picklable events."""
    given: tuple[Any, ...] = ()
    after: tuple[str, ...] = ()
    """Names of the jobs that must have ended before, well or not."""

    def begun(self, site: Site) -> Iterator[Any]:
        """The events of the job, which does its work as they are asked for."""
        module, _, function = self.work.partition(":")
        events: Iterator[Any] = getattr(importlib.import_module(module), function)(site, *self.given)
        return events


@dataclass(frozen=True)
class Begun:
    """A job has found its computer, where there are several."""

    job: Job
    where: str
    """Name of the `Node`."""


@dataclass(frozen=True)
class Told:
    """A job says something."""

    job: Job
    event: Any


@dataclass(frozen=True)
class Ended:
    """A job is done."""

    job: Job


@dataclass(frozen=True)
class Failed:
    """A job ended with an error: `Interrupted` where it was cancelled."""

    job: Job
    error: Exception


@dataclass(frozen=True)
class Lost:
    """The process or the computer of a job is gone."""

    job: Job
    why: str
    """Such as ``its process was ended by SIGKILL``."""


Message = Begun | Told | Ended | Failed | Lost


@dataclass(frozen=True)
class Node:
    """A computer that jobs run on."""

    name: str
    cores: float
    gpus: float = 0


@dataclass(frozen=True)
class Resources:
    """What an engine has."""

    name: str
    """For the user, such as ``2 processes of 4 threads``."""
    at_once: int
    """Jobs that run at a time."""
    threads: int
    """Of each."""
    nodes: tuple[Node, ...] = ()


class Engine(ABC):
    """Runs jobs. To be used in one thread, as a context manager: leaving it stops what still runs."""

    @property
    @abstractmethod
    def resources(self) -> Resources:
        """What there is to run jobs on."""

    @abstractmethod
    def submit(self, job: Job) -> None:
        """Begin a job; to be called while fewer than `resources.at_once` are running."""

    @abstractmethod
    def messages(self, seconds: float) -> list[Message]:
        """What the running jobs have said since; waits for the first word, about so long at most."""

    @abstractmethod
    def cancel(self, names: Collection[str]) -> None:
        """Stop these jobs and wait until they have stopped, which takes well under a second or is done by force."""

    @abstractmethod
    def close(self) -> None:
        """Stop everything; nothing that was started is left."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
