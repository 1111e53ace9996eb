"""Images that cannot be read: said once in the notice, when the tasks are read; the log has every file."""

from collections.abc import Callable

from mmap_studio.session.events import Event
from mmap_studio.session.runtime.job import Finished
from mmap_studio.session.studio.events import ProjectOpened
from mmap_studio.session.studio.studio import Studio
from mmap_studio.session.studio.what_now import unread_images
from mmap_studio.ui.window.notice import NoticeBar


class UnreadImages:
    """Says it again only where it is of other images, and takes it back where all can be read.

    A notice of something else has its time first.
    """

    def __init__(self, studio: Studio, notice: NoticeBar, show_log: Callable[[], object]) -> None:
        self._studio, self._notice, self._show_log = studio, notice, show_log
        self._said = ""
        studio.listen(self._hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event, ProjectOpened):
            self._said = ""
        if not isinstance(event, Finished) or self._studio.jobs.quiet:
            return
        sentence, shown = unread_images(self._studio.known), not self._notice.isHidden()
        if shown and self._notice.words.text() != self._said:
            return
        if shown and not sentence:
            self._notice.hide()
        if sentence and sentence != self._said:
            choices = {"Show the log": ("Which files, and why each cannot be read", self._show_log, True)}
            self._notice.say(sentence, choices, warning=True)
        self._said = sentence
