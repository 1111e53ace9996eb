"""What a run has come to, how sure that is, and the step that follows: one sentence when nothing is under way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mmap_studio.formatting import counted, fixed, points, short_count, shown
from mmap_studio.session.board.board import Board
from mmap_studio.session.methods import RUN, ZERO_SHOT, method_title
from mmap_studio.session.results.intervals import PairedTests, Scored, within_noise
from mmap_studio.session.results.results import ResultRow
from mmap_studio.session.studio.knowledge import Knowledge

SEEDS = 3
"""Runs from which a spread is told."""
AGAIN, CONTROLS, EXPORT = "seeds", "compare", "export"
"""Keys of the actions that follow."""
STEPS = {AGAIN: f"Repeat with {SEEDS} seeds", CONTROLS: "Train the alternatives…", EXPORT: "Export…"}
FIRST = "Not run yet. Run measures which tasks help each other."
NAMED = 3
"""Tasks that are named; the rest are counted."""


@dataclass(frozen=True)
class WhatNow:
    sentence: str
    step: str
    """Key of an action; empty for none."""
    why: str = ""
    """Why that step follows."""

    @property
    def label(self) -> str:
        return STEPS.get(self.step, "")


def what_now(board: Board, known: Knowledge, on_board: ResultRow | None) -> WhatNow:
    """Of the groups on the board, with the settings of now; an empty sentence where there is nothing to say.

    on_board : their row of the results, of all seeds
    """
    tasks = board.tasks
    if not tasks or set(known.current) != set(tasks) or ZERO_SHOT not in known.methods:
        return _measured(board, known)
    zero, tests = known.methods[ZERO_SHOT].per_task, known.tests
    runs: list[Scored] = [known.current]
    if on_board is not None and len(on_board.results) > 1:
        runs = [one.per_task for one in on_board.results]
    gain, half = _difference(runs, [zero], tasks, tests)
    seeds = "one seed" if len(runs) == 1 else f"{len(runs)} seeds"
    sentence = f"{_gained(gain, half)}, {seeds}."
    cheaper = _as_good(runs, known, on_board, tasks)
    if cheaper:
        sentence = f"{sentence} {cheaper}"
    if len(runs) < SEEDS:
        return WhatNow(sentence, AGAIN, "Another seed may give another result; three tell how far apart they are")
    if not set(known.methods) - {ZERO_SHOT, "zero_shot_ensemble", RUN}:
        return WhatNow(
            sentence, CONTROLS, "Whether groups and prompts are worth it, alternatives on the same images say"
        )
    return WhatNow(sentence, EXPORT, "Prompts, results and figures, to use elsewhere")


def unread_images(known: Knowledge) -> str:
    """How many images of which tasks cannot be read, in one sentence; empty where all can."""
    if not known.unread:
        return ""
    named = [f"{bad:,} of {total:,} of {shown(task)}" for task, (bad, total) in known.unread.items()]
    more = [counted(len(named) - NAMED, "other task", "other tasks")] if len(named) > NAMED else []
    return f"Images that cannot be read are left out: {', '.join([*named[:NAMED], *more])}."


def _measured(board: Board, known: Knowledge) -> WhatNow:
    """Where the board's groups are not trained."""
    if known.estimate is None and board.tasks and not known.current:
        return WhatNow(FIRST, "")
    if known.estimate is None or board.evidence is None or known.current:
        return WhatNow("", "")
    return WhatNow(board.evidence.sentence, "")  # the step that follows is Run, which is beside it


def _difference(
    own: Sequence[Scored], base: Sequence[Scored], tasks: Sequence[str], tests: PairedTests | None
) -> tuple[float, float]:
    """Of the mean over the tasks, in points, and half its interval."""
    means = [[sum(one[task].accuracy for task in tasks) / len(tasks) for one in side] for side in (own, base)]
    apart = 100 * (sum(means[0]) / len(own) - sum(means[1]) / len(base))
    return apart, math.nan if tests is None else float(tests.half_widths(own, base, tasks)[-1])


def _gained(gain: float, half: float) -> str:
    """Short, since it stands in the toolbar; ± is half of the 95 % interval."""
    if math.isnan(half):
        return f"{points(gain)} points against zero-shot"
    if within_noise(gain, half):
        return f"{points(gain)} ± {fixed(half)} points: within noise of zero-shot"
    return f"{points(gain)} ± {fixed(half)} points against zero-shot, more than noise"


def _as_good(runs: Sequence[Scored], known: Knowledge, on_board: ResultRow | None, tasks: Sequence[str]) -> str:
    """The alternative with the fewest trainable parameters that is within noise of the run, if it has fewer."""
    own = on_board.newest.parameters if on_board is not None else 0
    fewer = [one for name, one in known.methods.items() if name not in (RUN, ZERO_SHOT) and one.parameters < own]
    for other in sorted(fewer, key=lambda one: one.parameters):
        if set(tasks) <= set(other.per_task):
            apart, half = _difference(runs, [other.per_task], tasks, known.tests)
            if not math.isnan(half) and (within_noise(apart, half) or apart < 0):
                trained = short_count(other.parameters) if other.parameters else "no"
                noun = "trainable parameter" if other.parameters == 1 else "trainable parameters"
                return f"{method_title(other.method)} is as good with {trained} {noun}."
    return ""
