"""Kinds of torture that are tests of the suite, some of them with more repetitions; each in a pytest of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.torture.outcome import Outcome

ROOT = Path(__file__).parents[2]


def suite(*paths: str, variables: Mapping[str, str] | None = None) -> Callable[[Path, int], Outcome]:
    """Those tests; a trial is a test. A count goes to the variable whose value is "{}". ValueError for no such file."""
    gone = [path for path in paths if not (ROOT / path).exists()]
    if gone:
        raise ValueError(f"A row of the torture run names tests that are not there: {', '.join(gone)}.")

    def run(folder: Path, count: int) -> Outcome:
        given = {name: value.format(count) for name, value in (variables or {}).items()}
        command = [sys.executable, "-m", "pytest", "-n", "0", "-o", "timeout=0", "-p", "no:cacheprovider",
                   "--basetemp", str(folder / "pytest"), *paths]  # fmt: skip
        defaults = {"QT_QPA_PLATFORM": "offscreen", "PYTEST_QT_API": "pyside6", "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            command, cwd=ROOT, env=defaults | dict(os.environ) | given, capture_output=True, text=True
        )
        said = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|errors?)", done.stdout[-500:])}
        failed = sum(number for word, number in said.items() if word != "passed")
        outcome = Outcome(said.get("passed", 0) + failed, torn=failed)
        if (done.returncode and not failed) or not outcome.trials:
            outcome.crashes += 1
        if done.returncode:
            outcome.notes += done.stdout.splitlines()[-5:]
        return outcome

    return run
