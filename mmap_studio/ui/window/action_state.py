"""Which actions can be used: as project, board and job allow, and what Undo and Redo would do."""

from mmap_studio.session.runtime.job import BUSY, State
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.actions.registry import ActionRegistry
from mmap_studio.ui.window.header import Header

EDITS = ("add_tasks", "add_files", "find_moved", "remove_task", "rename_task", "classes", "backbone", "split")
NEED_PROJECT = (
    "add_tasks", "add_files", "find_moved", "save", "save_copy", "export", "show_folder", "reset_settings", "measure",
    "seeds", "compare", "copy_command", "suggest", "suggest_k", "together", "separate", "keep", "rename_task",
    "classes", "remove_task", "backbone", "split", "try", "sweep",
)  # fmt: skip


class ActionState:
    """Follows the studio for as long as the window lives."""

    def __init__(self, studio: Studio, registry: ActionRegistry, header: Header) -> None:
        self._studio, self._registry, self._header = studio, registry, header
        studio.listen(lambda event: self.update())
        studio.comparisons.listen(lambda event: self.update())
        studio.board.changed.listen(self.update)
        studio.board.history.changed.listen(self.update)
        self.update()

    def update(self) -> None:
        can, history = usable_actions(self._studio), self._studio.board.history
        self._registry.enable(can)
        self._header.show_paused(can["resume"])
        self._registry["undo"].setText(f"&Undo {history.undo_label or ''}".rstrip())
        self._registry["redo"].setText(f"&Redo {history.redo_label or ''}".rstrip())


def usable_actions(studio: Studio) -> dict[str, bool]:
    """Whether each action can be used now, by key; those that always can are left out."""
    state, board, there = studio.jobs.state, studio.board, studio.project is not None
    running, waits = state in BUSY and not studio.jobs.opening, studio.jobs.run_waits
    has_tasks = there and bool(len(board.grouping))
    can = dict.fromkeys(NEED_PROJECT, there)
    can |= dict.fromkeys(("run", "measure", "seeds", "compare"), has_tasks and not running and not waits)
    can["continue"] = can["run"] and studio.known.interrupted is not None
    can |= dict.fromkeys(EDITS, there and not running and not waits)  # the run would begin below a dialog
    can |= dict.fromkeys(("suggest", "suggest_k"), has_tasks and studio.known.estimate is not None)
    can |= dict.fromkeys(("new", "open", "starter"), not running)
    can |= {
        "pause": running and state is State.RUNNING,
        "resume": running and state is State.PAUSED,
        "stop": (running and state is not State.STOPPING) or waits,
        "compare_start": has_tasks and studio.comparisons.can_start,
        "compare_stop": studio.comparisons.busy or studio.comparisons.waits,
        "compare_pause": studio.comparisons.state in (State.RUNNING, State.PAUSED),
        "compare_seeds": there and not studio.comparisons.elsewhere,
        "compare_report": there and bool(studio.comparisons.ledger.trials),
        "undo": board.history.undo_label is not None,
        "redo": board.history.redo_label is not None,
    }
    return can
