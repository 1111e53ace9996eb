"""Runs on the disk as a run writes them, without torch's work."""

from datetime import UTC, datetime, timedelta

from mmap_studio.session.project.project_file import write_project_file
from mmap_studio.storage.runs import RESULTS, RunFolder

START = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def figures(accuracy: float) -> dict[str, float]:
    return {"accuracy": accuracy, "macro_f1": accuracy, "ece": 0.1, "n": 10}


def run_of(project, number: int = 0, mean: float | None = 0.5, title: str = "Colours", state: str = "finished"):
    """A run of this project with its settings of now, `number` minutes after the first."""
    run = RunFolder.new(project.runs, title, START + timedelta(minutes=number))
    run.write_config(write_project_file(project.file))
    run.append_metrics({"what": "epoch", "phase": "training", "note": "", "members": ["art", "ink"], "epoch": 1,
                        "first_step": 1, "losses": {"art": [3.0 - number, 2.0], "ink": [4.0, 3.0]},
                        "validation": {"art": 0.5, "ink": 0.25}})  # fmt: skip
    names = [entry.name for entry in project.file.tasks]
    if mean is not None:
        scores = {"zero_shot": dict.fromkeys(names, figures(0.25)), "run": dict.fromkeys(names, figures(mean))}
        run.write_json(RESULTS, {
            "backbone": {"name": "starter", "digest": "d1"}, "settings": project.settings.model_dump(mode="json"),
            "metrics": scores, "controls": {}, "splits": {}, "affinity": None,
            "grouping": {"groups": [names], "how": "given"}, "trained_parameters": 7,
        })  # fmt: skip
    if state != "running":
        run.finish(state)
    return run
