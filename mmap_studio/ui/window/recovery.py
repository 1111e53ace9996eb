"""After a session that died, or a run that was stopped: what there is of it, and how to go on or back."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from mmap_studio.formatting import counted
from mmap_studio.session.events import Event
from mmap_studio.session.project.autosave import Recovered
from mmap_studio.session.studio.events import Recorded
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.kit import log_files
from mmap_studio.ui.window import error_dialog
from mmap_studio.ui.window.notice import NoticeBar

CONTINUE, COMPARE = "Continue the run", "Go on comparing"


class Recovery:
    """Shows one notice a project that is opened: at once what is known of its session, and then of its run.

    go_on : continues the run
    compare : goes on with the comparison
    """

    def __init__(
        self, studio: Studio, notice: NoticeBar, go_on: Callable[[], object], compare: Callable[[], object],
        parent: QWidget,
    ) -> None:  # fmt: skip
        self._studio, self._notice, self._go_on, self._parent = studio, notice, go_on, parent
        self._compare = compare
        self._due = self._at_once = False
        self._said = ""
        studio.listen(self._hear)

    def begin(self, at_once: bool = False) -> None:
        """Another project is open; `at_once`: its run goes on as soon as it is known, unasked."""
        self._due, self._at_once, self._said = True, at_once, ""
        if self._studio.recovered is not None:
            self._say(self._studio.recovered)

    def _hear(self, event: Event) -> None:
        if not isinstance(event, Recorded) or not self._due:
            return
        self._due = False
        ours = not self._notice.isVisible() or self._notice.words.text() == self._said
        if event.interrupted is None:
            return
        if self._at_once:
            self._continue()
        elif ours:
            self._say(self._studio.recovered)

    def _say(self, recovered: Recovered | None) -> None:
        run = self._studio.known.interrupted
        choices: dict[str, tuple[str, Callable[[], object], bool]] = {}
        if run is not None:
            tip = (
                "With its groups and settings, from the step that was kept last; what is finished is not trained again"
            )
            choices[CONTINUE] = tip, self._continue, True
        comparing = recovered is not None and self._studio.comparisons.unfinished
        if comparing:
            tip = "Make the trials that are not there yet; what was made is kept"
            choices[COMPARE] = tip, self._compare, True
        if recovered is not None and recovered.began is not None:
            tip = "Restore the project as it was when that session began; Undo brings the edits back"
            edits = recovered.began.edits
            text = "Undo the recovered edit" if edits == 1 else f"Undo the {counted(edits, 'recovered edit')}"
            choices[text] = tip, self._studio.take_back, run is None
        if recovered is not None:
            choices["Details"] = "Show the last messages of that session", lambda: self._tell(recovered), False
        unfinished = "A comparison of methods was not at its end." if comparing else ""
        sentences = recovered.sentence if recovered else "", unfinished, run.sentence if run else ""
        self._said = " ".join(filter(None, sentences))
        self._notice.say(self._said, choices)

    def _continue(self) -> None:
        self._go_on()
        if self._notice.words.text() == self._said:
            self._notice.hide()

    def _tell(self, recovered: Recovered) -> None:
        error_dialog.tell(self._parent, recovered.sentence, log_files.crash_report(recovered.process))
