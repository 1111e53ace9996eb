"""What a sweep has found: its table, the answer, and how its settings are used. Loads no torch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmap_studio.formatting import MINUS, counted, fixed, markdown, percent, points, printable, shell_line
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.formats import Cell, table_text
from mmap_studio.session.results.report_folder import without_folders, write_report_folder
from mmap_studio.session.sweep.space import FULL, GROUPS, SHOTS, written
from mmap_studio.session.sweep.trial import AS_THEY_ARE, Sweep, SweepTrial

FORMAT = 1
FOLDER = "sweeps"
"""In a project."""
FILES = ("table.md", "trials.csv", "sweep.json")
"""All that the folder of a report holds."""
STATES = {"done": "", "pruned": "ended early", "failed": "failed"}


def head(sweep: Sweep) -> list[str]:
    """Of the columns of the table."""
    return ["trial", *(one.name for one in sweep.space.parameters), "validation", "±", "parameters", ""]


def cells(sweep: Sweep, trial: SweepTrial) -> list[str]:
    """A row of the table; accuracies in percent, ± the standard deviation over the seeds."""
    number = "as they are" if trial.number == AS_THEY_ARE else str(trial.number)
    varied = [written(trial.changes[one.name]) if one.name in trial.changes else "" for one in sweep.space.parameters]
    mean, spread = trial.mean, trial.spread
    return [
        number, *varied, "" if mean is None else fixed(100 * mean), "" if spread is None else fixed(100 * spread),
        f"{trial.parameters:,}" if trial.parameters else "", STATES[trial.state],
    ]  # fmt: skip


def rows(sweep: Sweep) -> list[list[str]]:
    """Best first."""
    return [cells(sweep, trial) for trial in sweep.ranked]


def answer(sweep: Sweep, minus: str = MINUS) -> str:
    """What was found, in one or two sentences."""
    best, made = sweep.best, len(sweep.trials) - (sweep.as_they_are is not None)
    if best is None:
        return "No trial is done yet."
    zero_shot = ""
    if best.mean is not None and sweep.zero_shot is not None:
        zero_shot = f"{points(100 * (best.mean - sweep.zero_shot), minus=minus)} points against zero-shot"
    if best.number == AS_THEY_ARE:
        behind = f"; none of {counted(made, 'trial')} was better, so keep them" if made else ""
        said = f"The settings as they are have {percent(best.mean)} on validation ({zero_shot}){behind}."
    else:
        gain = "" if sweep.gain is None else f"{points(100 * sweep.gain, minus=minus)} against the settings as they are"
        facts = ", ".join(filter(None, (gain, zero_shot)))
        said = f"Best on validation is {best.title}: {percent(best.mean)} ({facts})."
    if (tested := sweep.tested) is not None:
        change = points(100 * (tested.mean - tested.zero_shot), minus=minus)
        return f"{said} On the test images: {percent(tested.mean)} ({change} points against zero-shot)."
    if made and best.number != AS_THEY_ARE:
        images = counted(sweep.validated, "validation image")
        said += f" The best of {made} on {images} looks better there than it is; only the test images say how good."
    return said


def use(sweep: Sweep, project: Project) -> str:
    """The command that runs the project with the best settings; empty before there are any."""
    best = sweep.best
    if best is None:
        return ""
    words = ["mmap-studio", "run", "starter" if project.built_in else str(project.folder), *sweep.words]
    for name, value in sweep.space.changed_settings(best.changes).items():
        words += ["--set", f"{name}={written(value)}"]
    if (shots := best.changes.get(SHOTS, FULL)) != FULL:
        words += ["--shots", written(shots)]
    words += ["--groups", written(best.changes.get(GROUPS, sweep.groups))]
    return shell_line([*words, "--seeds", ",".join(map(str, sweep.seeds))])


def unlike(sweep: Sweep) -> str:
    """In what the command of `use` is not what was chosen, in one sentence; empty where it is."""
    shots = FULL if sweep.best is None else sweep.best.changes.get(SHOTS, FULL)
    if shots == FULL:
        return ""
    images = counted(int(shots or 0), "image")
    return (
        f"--shots draws another split, with {images} of each class to train on; the trial was trained on {images} of "
        "each class among the project's training images, and chosen on its validation images."
    )


def document(sweep: Sweep, project: Project) -> dict[str, Any]:
    """What `--json` prints, and sweep.json holds."""
    best = sweep.best
    return {
        "format": FORMAT,
        "project": printable(sweep.project),
        "over": sweep.space.text,
        "follows": dict(sweep.space.follows),
        "groups": sweep.groups,
        "seeds": list(sweep.seeds),
        "tasks": list(sweep.tasks),
        "validation_images": sweep.validated,
        "zero_shot": sweep.zero_shot,
        "trials": [
            one.model_dump(mode="json") | {"mean": one.mean, "spread": one.spread, "why": without_folders(one.why)}
            for one in sweep.trials
        ],
        "best": None if best is None else best.number,
        "gain": sweep.gain,
        "test": [one.model_dump(mode="json") | {"mean": one.mean} for one in sweep.looks],
        "answer": answer(sweep, "-"),
    }


def trials_csv(sweep: Sweep) -> str:
    """A row a trial and seed, in the order in which they were made."""
    names = [one.name for one in sweep.space.parameters]
    lines: list[list[Cell]] = []
    for trial in sweep.trials:
        varied: list[Cell] = [written(trial.changes[name]) if name in trial.changes else "" for name in names]
        known = list(zip(sweep.seeds, trial.values, strict=False))
        pairs: Sequence[tuple[int | None, float | None]] = known or [(None, None)]
        lines += [[trial.number, *varied, trial.state, seed, value, trial.parameters] for seed, value in pairs]
    return table_text(["trial", *names, "state", "seed", "validation_accuracy", "parameters"], lines)


def markdown_table(sweep: Sweep, project: Project) -> str:
    """The answer, the table, and how the settings are used."""
    table = [head(sweep), ["---"] * len(head(sweep)), *rows(sweep)]
    lines = ["| " + " | ".join(one if one == "---" else markdown(one) for one in row) + " |" for row in table]
    caption = (
        f"Accuracy on {counted(sweep.validated, 'validation image')} in percent, mean over the tasks and over "
        f"{counted(len(sweep.seeds), 'seed')}; ± standard deviation over the seeds."
    )
    command = use(sweep, project)
    name = command.replace(shell_line([str(project.folder)]), shell_line([project.folder.name]))
    return "\n".join(
        [f"# Sweep of {markdown(sweep.project)}", "", markdown(answer(sweep)), "", *lines, "", caption, "",
         "```", printable(name), "```", "", *([unlike(sweep), ""] if unlike(sweep) else [])]
    )  # fmt: skip


def write_report(sweep: Sweep, project: Project, out: Path | None = None) -> Path:
    """Write table.md, trials.csv and sweep.json, all or none, into the project or to `out`; returns the folder.

    It takes the place of an earlier report of the same sweep; StorageError for a folder with other files in it.
    """
    folder, within = out or project.folder / FOLDER / sweep.digest[:10], None if out else project.folder
    texts = (
        markdown_table(sweep, project),
        trials_csv(sweep),
        json.dumps(document(sweep, project), indent=1, allow_nan=False) + "\n",
    )
    files = {name: text.encode() for name, text in zip(FILES, texts, strict=True)}
    write_report_folder(folder, files, replace=True, within=within)
    return folder
