"""`run`, `affinity` and `compare`: the whole way, or as much of it as is asked for."""

from pathlib import Path

from mmap_studio.cli import options, run_reports
from mmap_studio.cli.terminal.output import UsageError, say, tell, tell_json


def run(
    project: options.ProjectName,
    groups: options.Groups = "auto",
    out: options.Out = None,
    seed: options.Seed = None,
    seeds: options.Seeds = None,
    device: options.Device = None,
    changes: options.Changes = None,
    preset: options.Preset = None,
    control: options.Controls = None,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """The whole way, from affinity to a prompt folder."""
    controls = tuple(name.strip() for text in control or () for name in text.split(",") if name.strip())
    given = _changes(changes, seed, device, seeds)
    asked: dict[str, object] = {"groups": groups, "out": out, "controls": controls, "resume": resume}
    _walk(project, given, preset, json, run_reports.results, seeds, **asked)


def affinity(
    project: options.ProjectName,
    groups: options.Groups = "auto",
    seed: options.Seed = None,
    device: options.Device = None,
    changes: options.Changes = None,
    preset: options.Preset = None,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """Measure which task helps which; suggest groups."""
    given = _changes(changes, seed, device)
    _walk(project, given, preset, json, run_reports.affinity, groups=groups, only_affinity=True, resume=resume)


def compare(
    project: options.ProjectName,
    groups: options.Groups = "auto",
    out: options.Out = None,
    seed: options.Seed = None,
    seeds: options.Seeds = None,
    device: options.Device = None,
    changes: options.Changes = None,
    preset: options.Preset = None,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """All controls, in one table against zero-shot."""
    given = _changes(changes, seed, device, seeds)
    asked: dict[str, object] = {"groups": groups, "out": out, "controls": ("all",), "resume": resume}
    _walk(project, given, preset, json, run_reports.comparison, seeds, **asked)


def _changes(
    given: list[str] | None, seed: int | None, device: str | None, seeds: str | None = None
) -> dict[str, object]:
    """What `--set`, `--seed` and `--device` say; an option of its own goes before `--set`."""
    if seeds is not None and seed is not None:
        raise UsageError("--seed and --seeds say the same thing; give one of them.")
    from mmap_studio.cli.settings import parse_changes

    changes = parse_changes(given or ())
    return changes | {name: value for name, value in (("seed", seed), ("device", device)) if value is not None}


def _walk(
    name: str, changes: dict[str, object], preset: str | None, json: bool, report: run_reports.Report,
    seeds: str | None = None, **asked: object,
) -> None:  # fmt: skip
    """Open, check, walk, report; once a seed where there are several."""
    from mmap_studio.cli import seeds as seeding
    from mmap_studio.cli.follow_run import walk
    from mmap_studio.cli.settings import with_changes
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.results import runs as runs

    several = seeding.seeds_of(seeds) if seeds is not None else ()
    project = with_changes(Project.open(name), changes, preset)
    _check_groups(str(asked["groups"]), [task.name for task in project.file.tasks])
    out = asked.get("out")
    if isinstance(out, Path) and not several:
        runs.check_out(out)
    if asked.get("resume") and runs.unfinished_run(project) is None:
        say("No run of this project is unfinished: a new one begins; what is in the cache is not computed again.")
    if several:
        seeding.run_seeds(project, several, json, asked)
        return
    ended = walk(project, **asked)
    if json:
        tell_json(ended.document)
    else:
        tell(report(ended))


def _check_groups(asked: str, names: list[str]) -> None:
    """Refuse what cannot be a grouping of these tasks before anything is loaded."""
    if asked in ("auto", "together", "separate") or not names:
        return
    if asked.isdigit():
        if not 1 <= int(asked) <= len(names):
            raise UsageError(
                f"--groups must be a number from 1 to {len(names)}, the number of tasks. Got {asked} instead."
            )
        return
    from mmap_studio.errors import InputError
    from mmap_studio.method.grouping.grouping import Grouping

    try:
        Grouping.parse(asked, names)
    except InputError as error:
        raise UsageError(f"--groups: {error}") from None
