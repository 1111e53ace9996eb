"""What the job tells is read bit by bit, so that a user's click comes in between."""

import time

from mmap_studio.session.events import Notice
from mmap_studio.ui.window.main_window import SOON_MS, TICK_MS
from tests.ui.scripted import rest


def test_what_is_left_unread_is_read_soon_and_then_the_beat_is_slow_again(make, qtbot):
    window = make()
    heard = []
    window.studio.listen(lambda event: (heard.append(event), time.sleep(0.02)) if isinstance(event, Notice) else None)
    said = [Notice(word) for word in ("one", "two", "three")]
    for word in said:
        window.studio.job.mailbox.post(window.studio.job.run, word)
    window._poll()
    assert heard == said[:1]
    assert window.tick.interval() == SOON_MS
    qtbot.waitUntil(lambda: window.tick.interval() == TICK_MS, timeout=5000)
    assert heard == said
    rest(qtbot, window)
