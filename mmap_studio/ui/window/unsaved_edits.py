"""Edits that could not be saved: shown in a notice, tried again or copied elsewhere, never dropped silently."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from mmap_studio.session.project.saver import PATIENCE_S
from mmap_studio.session.studio.events import NotSaved, Saved
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.kit.questions import ask_discard
from mmap_studio.ui.window.notice import NoticeBar
from mmap_studio.ui.window.status import StatusLine

SLOW = "The last edit is not on the disk yet: the disk has not answered for some seconds."


class UnsavedEdits:
    """Shows a notice while an edit is not saved, and asks before the project is left."""

    def __init__(self, studio: Studio, notice: NoticeBar, status: StatusLine, copy: Callable[[], object]) -> None:
        self._studio, self._notice, self._status, self._copy = studio, notice, status, copy
        self._said = ""
        studio.listen(self._hear)

    def may_leave(self, parent: QWidget) -> bool:
        """Whether this project may be left: all is written, now at the latest, or the user gives the edits up."""
        if not self._studio.settle(PATIENCE_S):
            return ask_discard(parent, SLOW)
        if self._studio.unsaved:
            self._studio.save()
        return not self._studio.unsaved or ask_discard(parent, f"The last edit is not saved. {self._studio.unsaved}")

    def _hear(self, event: object) -> None:
        if isinstance(event, NotSaved):
            again = "Save the project as it is now", self._studio.save, False
            elsewhere = "Save the project with every edit in a folder you choose", self._copy, False
            self._said = f"The last edit is not saved. {event.sentence}"
            answers = {"Try again": again, "Save a copy…": elsewhere}
            if event.outside:
                theirs = "Read the file; this window's version stays beside it", self._studio.take_outside, False
                ours = "Write this window's version; the file's stays beside it", self._studio.keep_ours, False
                answers = {"Take the file's": theirs, "Keep this window's": ours, "Save a copy…": elsewhere}
            self._notice.say(self._said, answers, warning=True)
        elif isinstance(event, Saved):
            if self._notice.words.text() == self._said:
                self._notice.hide()
            self._status.show_note("Saved; nothing is missing on the disk")
