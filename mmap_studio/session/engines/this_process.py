"""The engine that is always there: one job at a time, in the process that asks."""

from collections.abc import Callable, Collection, Generator, Iterator
from typing import Any

from mmap_studio.errors import Interrupted
from mmap_studio.session.engines.engine import Ended, Engine, Failed, Job, Message, Resources, Site, Told
from mmap_studio.session.runtime.cores import cores


class ThisProcess(Engine):
    """A job works only while `messages` is asked."""

    def __init__(self, watch: Callable[[], None] = lambda: None) -> None:
        self._watch = watch
        self._jobs: dict[str, tuple[Job, Iterator[Any]]] = {}

    @property
    def resources(self) -> Resources:
        return Resources("this process", 1, cores())

    def submit(self, job: Job) -> None:
        self._jobs[job.name] = job, job.begun(Site(self._watch))

    def messages(self, seconds: float) -> list[Message]:
        """One event of one job, however long it takes."""
        if not self._jobs:
            return []
        name = next(iter(self._jobs))
        job, events = self._jobs[name]
        try:
            return [Told(job, next(events))]
        except StopIteration:
            del self._jobs[name]
            return [Ended(job)]
        except Interrupted:
            raise
        except Exception as error:
            del self._jobs[name]
            return [Failed(job, error)]

    def cancel(self, names: Collection[str]) -> None:
        for name in names:
            _, events = self._jobs.pop(name, (None, None))
            if isinstance(events, Generator):
                events.close()

    def close(self) -> None:
        self.cancel(list(self._jobs))
