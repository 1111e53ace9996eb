"""The mailbox is read for so long at a time, and what is left is read next."""

import itertools
import time

from mmap_studio.session.events import Notice
from mmap_studio.session.runtime.job import BackgroundJob, Finished
from mmap_studio.session.runtime.mailbox import Mailbox
from mmap_studio.session.studio.studio import Studio

NUMBERS = [Notice(str(number)) for number in range(5)]


class Told:
    """An engine whose run tells five numbers."""

    def opening(self, project):
        return lambda stop: iter(())

    def recalling(self, project, tasks, grouping, draw=True):
        return lambda stop: iter(())

    def running(self, project, groups, controls=(), only_affinity=False, **more):
        return lambda stop: iter(NUMBERS)


def test_the_oldest_letter_is_taken_first():
    box = Mailbox()
    assert box.take() is None
    for event in NUMBERS[:2]:
        box.post(1, event)
    assert [box.take().event, len(box), box.take().event, box.take()] == [NUMBERS[0], 1, NUMBERS[1], None]


def test_a_reader_without_time_takes_one_letter_and_says_that_more_are_there(tmp_path, monkeypatch):
    monkeypatch.setenv("MMAP_STUDIO_HOME", str(tmp_path))
    studio = Studio(Told(), BackgroundJob(on_thread=lambda: None))
    studio.open("starter")
    assert studio.job.join(5)
    assert studio.poll()
    heard = []
    studio.listen(lambda event: heard.append(event) if isinstance(event, Notice | Finished) else time.sleep(0))
    studio.jobs.run()
    assert studio.job.join(5)
    reads = [studio.poll(0) for _ in itertools.takewhile(lambda _: len(studio.job.mailbox), itertools.count())]
    assert heard[:5] == NUMBERS
    assert isinstance(heard[5], Finished)
    assert len(reads) >= 6
    assert reads == [False] * (len(reads) - 1) + [True]
    studio.close()
