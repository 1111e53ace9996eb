"""Fanning out: many jobs over an engine, in their order, those that were lost once more."""

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from mmap_studio.errors import TrainingError
from mmap_studio.session.engines.engine import Begun, Engine, Failed, Job, Lost, Message, Told

ATTEMPTS = 3
"""Of a job whose process or computer is gone each time."""
WAIT = 0.1
"""Seconds between two looks at whether to stop."""


@dataclass(frozen=True)
class Again:
    """A job was lost and begins once more; what it had finished is in the cache."""

    job: Job
    sentence: str


def fanned_out(
    engine: Engine, jobs: Sequence[Job], watch: Callable[[], None] = lambda: None,
    more: Callable[[], bool] = lambda: True,
) -> Generator[Message | Again, None, None]:  # fmt: skip
    """What all jobs say, until each has `Ended` or `Failed`; a job that is lost `ATTEMPTS` times has failed.

    Jobs begin in their order as soon as those they come after have ended. Once `more` is false none begins any more,
    and the generator ends with those that run. Closing it, or `watch` raising, stops what is running.
    """
    waiting, running, tries = list(jobs), dict[str, Job](), Counter[str]()
    open_, ending = {job.name for job in jobs}, False
    try:
        while waiting or running:
            watch()
            if ending := ending or not more():
                waiting.clear()
            for job in [one for one in waiting if not open_ & set(one.after)]:
                if len(running) < engine.resources.at_once:
                    waiting.remove(job)
                    running[job.name] = job
                    tries[job.name] += 1
                    engine.submit(job)
            for message in engine.messages(WAIT):
                job = message.job
                if isinstance(message, Begun | Told):
                    yield message
                    continue
                running.pop(job.name, None)
                if isinstance(message, Lost) and ending:
                    continue
                if isinstance(message, Lost) and tries[job.name] < ATTEMPTS:
                    waiting.insert(0, job)
                    yield Again(job, f"{job.title}: {message.why}; it begins again (attempt {tries[job.name] + 1} "
                                f"of {ATTEMPTS}), and what it had finished is not computed again.")  # fmt: skip
                    continue
                open_.discard(job.name)
                yield Failed(job, _given_up(message)) if isinstance(message, Lost) else message
    finally:
        if running:
            engine.cancel(list(running))


def _given_up(lost: Lost) -> TrainingError:
    return TrainingError(
        f"{lost.job.title} could not be done: {lost.why}, {ATTEMPTS} times; where memory is short, run fewer at once "
        "or make train.accumulate larger."
    )
