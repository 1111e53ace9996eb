"""Comparisons without torch's work: the events are the real ones, the trials are made up, their accuracies known."""

import time
from dataclasses import replace

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.session.compare.live import events as live
from mmap_studio.session.compare.remaining import Ahead
from mmap_studio.session.compare.trial import Comparison
from mmap_studio.session.engines.choice import HERE
from mmap_studio.session.studio.events import Loading
from tests.session.compare.made_up import labels_of, trial

METHODS = {
    "zero_shot": ("Zero-shot CLIP", "zero_shot", 0, 0.60),
    "zero_shot_ensemble": ("Zero-shot CLIP, ensemble", "zero_shot", 0, 0.62),
    "ridge": ("Ridge head, per task", "features", 33_280, 0.70),
    "text_head": ("Text-initialised head, per task", "features", 33_280, 0.74),
    "clap": ("CLAP, per task", "features", 33_280, 0.75),
    "tip_adapter_f": ("Tip-Adapter-F, per task", "features", 98_304, 0.73),
    "coop": ("CoOp, per task", "prompts", 24_576, 0.72),
    "maple": ("MaPLe, pooled", "prompts", 3_555_072, 0.76),
    "clip_lora": ("CLIP-LoRA, pooled", "weights", 184_320, 0.78),
    "finetune": ("Full fine-tuning, pooled", "weights", 149_620_737, 0.71),
    "mmap_suggested": ("MmAP, suggested groups", "mmap", 9_216, 0.82),
    "mmap_together": ("MmAP, all together", "mmap", 4_608, 0.79),
}
"""Title, family, trainable parameters, and true accuracy with few images, by name; about as on the starter."""
USUAL = tuple(name for name in METHODS if name not in ("ridge", "finetune"))
SECONDS = {"zero_shot": 2.0, "features": 10.0, "prompts": 240.0, "weights": 400.0, "mmap": 300.0}
"""What a trial is said to take."""
PER_CLASS = 25


def facts() -> tuple[live.MethodFacts, ...]:
    return tuple(
        live.MethodFacts(name, title, family, f"What {title} is", "Somebody et al. 2024", name in USUAL, count)
        for name, (title, family, count, _) in METHODS.items()
    )


def made(cell, tasks):
    """The trial of a cell, always the same."""
    method, amount, seed = cell
    title, family, count, rate = METHODS[method]
    labels = labels_of(PER_CLASS)
    more = {"1": -0.05, "4": 0.0, "16": 0.03, "full": 0.06}.get(amount, 0.0) * (family != "zero_shot")
    common, own = np.random.default_rng(7), np.random.default_rng([len(method), len(amount), seed])
    hard = common.random((len(tasks), len(labels)))
    lucky = own.normal(0, 0.05, hard.shape) * (family != "zero_shot")
    right = {task: hard[place] + lucky[place] < rate + more for place, task in enumerate(tasks)}
    grouping = {"mmap_suggested": "+".join(tasks[:2]), "mmap_together": "+".join(tasks)}.get(method, "")
    if method == "mmap_suggested":
        grouping = ",".join([grouping, *tasks[2:]])
    seconds = SECONDS[family] * (0.9 + 0.1 * seed)
    about = {"title": title, "parameters": count, "bytes": 4 * count, "seconds": seconds, "steps": 400}
    return trial(method, amount, seed, right, labels, family=family, grouping=grouping, images_seen=6400, **about)


class ScriptedTrials:
    """A survey and the trials of a plan; what was made is kept, by project and cell.

    trial_steps : steps of a trial
    trial_seconds : how long each takes
    """

    def __init__(self) -> None:
        self.trial_steps, self.trial_seconds = 3, 0.0
        self.run_on = HERE
        self.kept: set[tuple[str, tuple[str, str, int]]] = set()
        """Trials that the cache has."""
        self.left_out: dict[str, str] = {}
        """Why trials of a method cannot be made."""
        self.fails: BaseException | None = None
        """Raised at the first trial that is made."""
        self.surveys = 0

    def surveying(self, project, plan):
        self.surveys += 1

        def work(stop):
            yield Loading("Looking up what is kept")
            yield live.MethodsListed(tuple(replace(one, parameters=None) for one in facts()))
            stop()
            yield live.MethodsListed(facts())
            every = [(name, amount, seed) for seed in plan.seeds for amount in plan.amounts for name in METHODS]
            ahead, trials = [], []
            for name, amount, seed in every:
                cell = name, amount.label, seed
                there = self._has(project, cell)
                ahead.append(Ahead(name, amount, seed, there, 0.0 if there else SECONDS[METHODS[name][1]]))
                trials += [made(cell, self._tasks(project))] if there else []
            yield live.Surveyed(plan, tuple(ahead), self._comparison(project, plan, trials))

        return work

    def comparing(self, project, plan):
        def work(stop):
            yield Loading("Loading the backbone")
            out, done = set(), []
            while (cell := self._next(project, plan(), out, done)) is not None:
                there = self._has(project, cell)
                for step in range(1, self.trial_steps + 1) if not there else ():
                    stop()
                    time.sleep(self.trial_seconds)
                    yield live.TrialStepped(cell, step, self.trial_steps)
                if not there and self.fails is not None:
                    raise self.fails
                if not there and cell[0] in self.left_out:
                    out.add(cell)
                    yield live.TrialLeftOut(cell, self.left_out[cell[0]])
                    continue
                self.kept.add((str(project.folder), cell))
                done.append(cell)
                yield live.TrialMade(made(cell, self._tasks(project)), there)
            trials = [made(cell, self._tasks(project)) for cell in done]
            yield live.Compared(self._comparison(project, plan(), trials))

        return work

    def exporting(self, project, plan, cell, out):
        def work(stop):
            yield live.TrialStepped(cell, 1, 2)
            stop()
            if METHODS[cell[0]][1] == "zero_shot":
                raise InputError("Zero-shot CLIP learns nothing, so there is nothing to export; choose another method.")
            out.mkdir(parents=True)
            (out / "README.md").write_text(METHODS[cell[0]][0])
            yield live.Exported(cell, out)

        return work

    def _next(self, project, plan, out, done):
        """The first trial of a plan that is neither there nor left out, in the order of the queue."""
        from mmap_studio.session.compare.live.ledger import Ledger

        ledger = Ledger()
        ledger.hear(live.MethodsListed(facts()))
        return next((cell for cell in ledger.cells(plan) if cell not in out and cell not in done), None)

    def _has(self, project, cell):
        return (str(project.folder), cell) in self.kept

    def _tasks(self, project):
        return [entry.name for entry in project.file.tasks]

    def _comparison(self, project, plan, trials):
        return Comparison(
            project.name, tuple(self._tasks(project)), tuple(METHODS), plan.amounts, plan.seeds, tuple(trials),
            plan.baseline, about={"backbone": {"name": "tiny"}},
        )  # fmt: skip
