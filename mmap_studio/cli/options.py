"""Options that several commands share, so that they read the same everywhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mmap_studio.cli.terminal.output import UsageError
from mmap_studio.data.paths import expanded
from mmap_studio.errors import InputError
from mmap_studio.session.engines.choice import RunOn
from mmap_studio.session.methods import CONTROLS


def path_of(text: str) -> Path:
    """A path that was given, with the home folder for ~, which no shell puts into `--out=~/x`; wrong usage if empty."""
    found = expanded(not_empty(text))
    return found.absolute() if str(found).startswith("~") else found  # a name here, which is not expanded again


def not_empty(text: str) -> str:
    """As it was given; an empty text would be the working folder, where nobody wanted anything read or written."""
    if not text:
        raise typer.BadParameter("a path must be given, not an empty text, as of a variable that is not set.")
    return text


ProjectName = Annotated[
    str, typer.Argument(metavar="PROJECT", parser=not_empty, help="A project folder, or the word starter.")
]
Groups = Annotated[
    str,
    typer.Option(
        metavar="auto|together|separate|N|TEXT",
        help='How tasks are grouped: by the measured affinity, together, separate, in N groups, or "a+b,c".',
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", parser=path_of, help="Also write the prompt folder here; the run folder has it in any case."
    ),
]
TensorBoard = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        parser=path_of,
        help="Write a TensorBoard log of the run below this folder; needs the extra tensorboard. "
        "The setting tensorboard writes one into the run's own folder.",
    ),
]
Seed = Annotated[
    int | None, typer.Option(min=0, help="Seed of the run: the same seed on the same machine gives the same bits.")
]
Seeds = Annotated[
    str | None, typer.Option(metavar="1,2,3", help="One run per seed, and one table of means and standard deviations.")
]
Prompts = Annotated[
    Path,
    typer.Argument(
        metavar="PROMPTS",
        parser=path_of,
        help="A folder written by run or export, or by the window's Export, or a run.",
    ),
]
MovedBackbone = Annotated[
    str | None, typer.Option("--backbone", metavar="NAME", help="Where the backbone is now, if it has moved.")
]


def task_of(asked: str | None, tasks: Sequence[str]) -> str:
    """The task that `--task` names; UsageError for one that is not among these, or where none is named."""
    if asked is None or asked not in tasks:
        got = "none" if asked is None else repr(asked)
        raise UsageError(f"--task must be one of {', '.join(map(repr, tasks))}. Got {got} instead.")
    return asked


DEVICES = ("auto", "cpu", "cuda", "mps")


def _device(name: str | None) -> str | None:
    """UsageError for a word that names no kind of device; whether there is one shows when it is used."""
    if name is None or name in DEVICES:
        return name
    several = "; which of several GPUs is for CUDA_VISIBLE_DEVICES to say" if name.startswith("cuda") else ""
    raise UsageError(f"--device must be auto, cpu, cuda or mps. Got {name!r} instead{several}.")


Device = Annotated[
    str | None, typer.Option(metavar="auto|cpu|cuda|mps", help="Device to compute on.", callback=_device)
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, such as train.epochs=5; may be repeated."),
]
Preset = Annotated[
    str | None,
    typer.Option(
        metavar="auto|light|paper-size", help="Start from this preset; settings that the project changes are kept."
    ),
]
Controls = Annotated[
    list[str] | None,
    typer.Option(
        "--control",
        metavar="NAME[,NAME]",
        help=f"Compare with {', '.join(CONTROLS)}, or all.",
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue in the folder of the last run that did not finish.")]
Processes = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=256,
        metavar="N",
        help="Work in N processes at once, which share the cores and GPUs of this computer.",
    ),
]
Cluster = Annotated[
    str,
    typer.Option(
        metavar="HOST:PORT|local",
        help="Work on this Ray cluster (pip install 'mmap-studio[ray]'); local: one of this computer alone.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Threads of each process, or of each job of a cluster: it takes N cores."),
]
GpuShare = Annotated[
    float | None,
    typer.Option(
        min=0.01,
        max=1,
        metavar="SHARE",
        help="Part of a GPU and of its memory for each job of a cluster: 0.125 for eight.",
    ),
]


def run_on(processes: int | None, cluster: str, threads: int | None, gpu_share: float | None) -> RunOn:
    """Where work is to run; UsageError for what does not go together, or for an address that is none."""
    asked = RunOn(processes, cluster, threads, gpu_share)
    try:
        asked.check()
    except InputError as error:
        raise UsageError(str(error)) from None
    return asked


Kept = Annotated[bool, typer.Option("--kept", help="Train nothing; report the trials that are done.")]
ReportFolder = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", parser=path_of, help="Where the report goes; else into the project."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
