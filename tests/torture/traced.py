"""What commands really ask the system for, by strace: native code passes by every hook of Python."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import projects
from tests.torture.outcome import Outcome

ROOT = Path(__file__).parents[2]
ALLOWED = ("/dev/", "/proc/", tempfile.gettempdir())
"""Where a library may open a file for writing; everything else that is absolute must lie in the folder."""
COMMANDS = (
    "info", "backbones", "doctor", "new {made} --data {data} --yes", "inspect {project}", "affinity {project}",
    "run {project} --groups 2 --out {out}", "results {project}", "inspect {out}", "export {project} --out {copy}",
    "predict {out} {images} --task art --backbone {backbone}",
    "compare {project} --methods zero_shot,ridge --shots 2 --seeds 1", "cache ls", "cache verify",
)  # fmt: skip
CALL = re.compile(r'openat\(AT_FDCWD, "(/[^"]*)", [^)]*O_(?:WRONLY|RDWR)[^)]*\) = \d')


def commands(folder: Path, count: int) -> Outcome:
    """Each command, offline: no socket of the internet, and no file written outside its folder."""
    if shutil.which("strace") is None:
        return Outcome(1, crashes=1, notes=["strace is not installed"])
    made, outcome = projects.make(folder, ("art", "real"), **{"train.epochs": 1, "affinity.epochs": 1}), Outcome()
    places = {
        "made": folder / "made", "data": folder / "data", "project": made.folder, "out": folder / "out",
        "copy": folder / "copy", "images": folder / "data" / "art" / "fox", "backbone": made.file.backbone,
    }  # fmt: skip
    own = {"MMAP_STUDIO_CACHE": str(folder / "cache"), "MMAP_STUDIO_HOME": str(folder / "home"), "HOME": str(folder)}
    trace = folder / "trace"
    for command in COMMANDS:
        outcome.trials += 1
        asked = [one.format(**places) for one in command.split()]
        done = subprocess.run(
            ["strace", "-f", "-qq", "-e", "trace=socket,openat", "-o", str(trace), sys.executable, "main.py", *asked],
            cwd=ROOT, env=dict(os.environ) | own, capture_output=True, text=True,
        )  # fmt: skip
        lines = trace.read_text(errors="replace").splitlines()
        sockets = [line for line in lines if "AF_INET" in line]
        written = {path for line in lines for path in CALL.findall(line)}
        outside = sorted(path for path in written if not path.startswith((*ALLOWED, str(folder))))
        outcome.crashes += done.returncode != 0
        outcome.torn += bool(sockets or outside)
        outcome.notes += [f"{command}: {done.stderr.strip().splitlines()[-1:]}"] if done.returncode else []
        outcome.notes += [f"{command}: {(sockets + outside)[:2]}"] if sockets or outside else []
    return outcome
