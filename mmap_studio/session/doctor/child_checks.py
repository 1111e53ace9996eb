"""Checks in a process of their own: a library that crashes or hangs becomes a finding, and the report goes on.

`python -m mmap_studio.session.doctor.child_checks MODULE:FUNCTION [ARGUMENT]` writes a line of JSON for everything it
finds, and one for what it does next, so that the last line says what killed it. Other lines are a library's own words.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mmap_studio.session.doctor.finding import Finding
from mmap_studio.storage.foreign.child import command, environment

_in_child = False
"""Whether this process is one that `main` runs a check in."""


def doing(what: str) -> None:
    """Say what is tried next, which may be the last thing this process does."""
    if _in_child:
        _tell({"doing": what})


def _tell(document: Mapping[str, str]) -> None:
    """A line of its own on standard output, where a library may have printed the beginning of one."""
    os.write(1, f"\n{json.dumps(document)}\n".encode())


@dataclass
class Apart:
    """A check that is at work in a child."""

    name: str
    seconds: float
    """How long it may take."""
    process: subprocess.Popen[str]

    @classmethod
    def started(cls, name: str, check: str, seconds: float, argument: str = "") -> "Apart":
        process = subprocess.Popen(
            command(__name__, [check, argument]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=environment(), text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
        return cls(name, seconds, process)

    def findings(self) -> Iterator[Finding]:
        """What it found, and how it ended where it did not end well."""
        late = False
        try:
            out, _ = self.process.communicate(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            late = True
            self.process.kill()
            out, _ = self.process.communicate()
        last = ""
        for line in out.splitlines():
            try:
                read = json.loads(line)
            except ValueError:  # what a library printed, or cut off by the crash
                continue
            if not isinstance(read, dict):
                continue
            if "doing" in read:
                last = f" while {read['doing']}"
            else:
                yield Finding(**read)
        if late or self.process.returncode:
            how = f"took more than {self.seconds:.0f} s" if late else _ended(self.process.returncode)
            yield Finding(self.name, "problem", f"This check {how}{last}.", "report it with this text")


def _ended(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def main(check: str, argument: str) -> None:
    """Run one check, its findings on standard output and nothing else there."""
    global _in_child
    _in_child, sys.stdout = True, sys.stderr
    module, _, function = check.partition(":")
    found = getattr(importlib.import_module(module), function)
    for one in found(argument) if argument else found():
        _tell(one.as_json())
    os._exit(0)  # the end of libraries is not what is tested


if __name__ == "__main__":
    sys.modules[__spec__.name] = sys.modules["__main__"]  # so that a check's `doing` is this module's
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
