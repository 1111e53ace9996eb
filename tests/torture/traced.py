"""What commands really ask the system for, by strace: native code passes by every hook of Python."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests import projects, torchscript
from tests.commands import WINDOW
from tests.torture.outcome import Outcome

ROOT = Path(__file__).parents[2]
ALLOWED = ("/dev/", "/proc/")
"""Where a library may open what is there for writing; everything else must lie in the folder."""
COMMANDS = (
    "info", "backbones", "doctor", "new {made} --data {data} --yes", "inspect {project}", "affinity {project}",
    "run {project} --groups 2 --out {out}", "run {project} --groups together --tensorboard {log}", "results {project}",
    "inspect {out}", "export {project} --out {copy}",
    "predict {out} {images} --task art --backbone {backbone}", "score {out} {data} --backbone {backbone}",
    "compare {project} --methods zero_shot,ridge --shots 2 --seeds 1",
    "sweep {project} --over train.learning_rate=0.1|0.2 --trials 1", "search {project} fox", "tags {project}",
    "relocate {project} --data {data}", "runs ls {project}", "runs edit {project} {run} --note traced",
    "runs diff {project} {run} latest", "runs images {project} zero_shot {run}", "runs delete {project} {run}",
    "runs trash {project}", "runs restore {project} {run}", "convert {archive} --out {converted}",
    "download ViT-B-16:openai", "open {project}", "cache ls", "cache verify", "cache where", "cache prune --all",
)  # fmt: skip
REFUSED = ("download",)
"""Commands that end with 1 here: the variable HF_HUB_OFFLINE is set."""
OPENED = re.compile(r"open(?:at2?)?\(.*O_(?:WRONLY|RDWR).* = \d+<(/[^>]*)>$")
CHANGED = re.compile(r'(?:mkdir|rename|unlink|rmdir|link|symlink|truncate|creat)\w*\(.*"(/[^"]*)".* = 0$')
"""Of a call that named no folder by a number; those that do stand in one that was opened."""


def commands(folder: Path, count: int) -> Outcome:
    """Each command, offline: no socket of the internet, and nothing written outside its folder."""
    if shutil.which("strace") is None:
        return Outcome(1, crashes=1, notes=["strace is not installed"])
    import torch

    made, outcome = projects.make(folder, ("art", "real"), **{"train.epochs": 1, "affinity.epochs": 1}), Outcome()
    places = {name: folder / name for name in ("made", "data", "project", "out", "copy", "log", "archive", "converted")}
    places |= {"images": folder / "data" / "art" / "fox", "backbone": Path(made.file.backbone)}
    places["archive"].write_bytes(torchscript.saved(torch.jit.script(torch.nn.Linear(3, 2))))
    (folder / "tmp").mkdir()
    own = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    own |= {"MMAP_STUDIO_CACHE": str(folder / "cache"), "MMAP_STUDIO_HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"), "QT_QPA_PLATFORM": "offscreen", "HF_HUB_OFFLINE": "1"}  # fmt: skip
    trace = folder / "trace"
    for command in COMMANDS:
        outcome.trials += 1
        runs = sorted(made.runs.glob("[0-9]*"))
        places |= {"run": Path(runs[0].name)} if runs else {}
        first, *given = (word.format(**places) for word in command.split())
        program = ["-c", f"import sys\n{WINDOW}"] if first == "open" else ["main.py", first]
        done = subprocess.run(
            ["strace", "-f", "-qq", "-y", "-s", "4096", "-e", "trace=%network,%file", "-o", str(trace),
             sys.executable, *program, *given],
            cwd=ROOT, env=dict(os.environ) | own, capture_output=True, text=True,
        )  # fmt: skip
        found = sorted(set(_outside(trace.read_text(errors="replace").splitlines(), str(folder))))
        wrong = done.returncode != (first in REFUSED)
        outcome.crashes += wrong
        outcome.torn += bool(found)
        outcome.notes += [f"{command}: {done.stderr.strip().splitlines()[-1:]}"] if wrong else []
        outcome.notes += [f"{command}: {found[:2]}"] if found else []
    return outcome


def _outside(lines: Iterable[str], folder: str) -> Iterator[str]:
    """Calls that reach for the internet, and what is opened for writing or changed outside of a folder."""
    for line in lines:
        if "AF_INET" in line:
            yield line
        for path in (*OPENED.findall(line), *CHANGED.findall(line)):
            if not path.startswith((*ALLOWED, folder)):
                yield path
