"""`run` and `affinity`: a whole run, or as much of it as is asked for."""

from typing import TYPE_CHECKING, Any

from mmap_studio.cli import options, run_reports, split_options
from mmap_studio.cli.terminal.output import UsageError, say, tell, tell_json
from mmap_studio.errors import InputError
from mmap_studio.session.engines.choice import HERE, RunOn

if TYPE_CHECKING:
    from mmap_studio.session.run.run_options import RunOptions


def run(
    project: options.ProjectName,
    groups: options.Groups = "auto",
    out: options.Out = None,
    tensorboard: options.TensorBoard = None,
    seed: options.Seed = None,
    seeds: options.Seeds = None,
    device: options.Device = None,
    changes: options.Changes = None,
    preset: options.Preset = None,
    control: options.Controls = None,
    resume: options.Resume = False,
    shots: split_options.Shots = None,
    share: split_options.Share = None,
    fractions: split_options.Fractions = None,
    rest: split_options.Rest = None,
    split_seed: split_options.SplitSeed = None,
    identity: split_options.Identity = None,
    processes: options.Processes = None,
    cluster: options.Cluster = "",
    threads: options.Threads = None,
    gpu_share: options.GpuShare = None,
    json: options.Json = False,
) -> None:
    """Measure affinity, group tasks, train prompts and score them."""
    from mmap_studio.cli.settings import changes_of
    from mmap_studio.session.run.run_options import RunOptions

    where = options.run_on(processes, cluster, threads, gpu_share)
    controls = tuple(name.strip() for text in control or () for name in text.split(",") if name.strip())
    asked = RunOptions(groups, controls, out, resume, tensorboard=tensorboard)
    split = (shots, share, fractions, rest, split_seed, identity)
    found = changes_of(changes, seed, device, seeds)
    _start(project, found, preset, split, json, run_reports.results, asked, seeds, where)


def affinity(
    project: options.ProjectName,
    groups: options.Groups = "auto",
    seed: options.Seed = None,
    device: options.Device = None,
    changes: options.Changes = None,
    preset: options.Preset = None,
    resume: options.Resume = False,
    shots: split_options.Shots = None,
    share: split_options.Share = None,
    fractions: split_options.Fractions = None,
    rest: split_options.Rest = None,
    split_seed: split_options.SplitSeed = None,
    identity: split_options.Identity = None,
    json: options.Json = False,
) -> None:
    """Measure which task helps which; suggest groups."""
    from mmap_studio.cli.settings import changes_of
    from mmap_studio.session.run.run_options import RunOptions

    asked = RunOptions(groups, resume=resume, only_affinity=True)
    split = (shots, share, fractions, rest, split_seed, identity)
    _start(project, changes_of(changes, seed, device), preset, split, json, run_reports.affinity, asked)


def _start(
    name: str, changes: dict[str, Any], preset: str | None, split: split_options.SplitAsked, json: bool,
    report: run_reports.Report, asked: "RunOptions", seeds: str | None = None, where: RunOn = HERE,
) -> None:  # fmt: skip
    from mmap_studio.cli.seeds import of_seed, run_seeds
    from mmap_studio.cli.settings import seeds_of, with_changes
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.results.runs import unfinished_run

    several = seeds_of(seeds) if seeds is not None else ()
    project = split_options.with_split(with_changes(Project.open(name), changes, preset), *split)
    try:
        for one in [of_seed(asked, seed) for seed in several] or [asked]:
            one.check([task.name for task in project.file.tasks], project.settings.grouping.groups)
    except InputError as error:
        raise UsageError(str(error)) from None
    if asked.resume and unfinished_run(project) is None:
        say("This project has no unfinished run: a new one starts. What is in the cache is not computed again.")
    from mmap_studio.session.cache.user_cache import user_cache
    from mmap_studio.session.engines.choice import chosen_engine
    from mmap_studio.session.run.run_jobs import reach

    folders = reach(project, user_cache(say), asked.out, asked.tensorboard)
    with chosen_engine(where, project.settings.device, *folders) as engine:
        if several:
            run_seeds(project, several, json, asked, engine)
            return
        from mmap_studio.cli.foreground import run_by, run_in_foreground

        ended = run_in_foreground(project, asked) if engine is None else run_by(engine, [("Run", project, asked)])[0]
    if json:
        tell_json(ended.document)
    else:
        tell(report(ended))
