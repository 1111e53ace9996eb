"""Images that cannot be read are told where the user looks: once, and again only where they are others."""

import pytest

from tests.ui.scripted import rest

pytestmark = pytest.mark.window
SAID = "Images that cannot be read are left out: 2 of 10 of 'Noto'."


def test_images_that_cannot_be_read_are_told_once_with_the_way_to_the_log(make, qtbot):
    window = make()
    window.studio.engine.unread = {"Noto": 2}

    def run() -> None:
        window.registry["run"].trigger()
        rest(qtbot, window)

    run()
    assert window.notice.words.text() == SAID
    assert window.notice.isVisible()
    window.notice.buttons[0].click()
    assert window.views.log.isVisible()
    assert not window.notice.isVisible()
    run()
    assert not window.notice.isVisible(), "it was said"
    window.studio.engine.unread = {"Noto": 2, "Twemoji": 1}
    run()
    assert window.notice.isVisible()
    window.studio.engine.unread = {"Noto": 3}
    run()
    assert "3 of 10" in window.notice.words.text(), "it is said of the images of now"
    window.studio.engine.unread = {}
    run()
    assert not window.notice.isVisible()
    assert not window.studio.known.unread, "the files were mended"
    window.studio.engine.unread = {"Noto": 2}
    window.notice.say("Something else.", {})
    run()
    assert window.notice.words.text() == "Something else."
