"""`doctor`: whether this installation and this computer can do the work; a report that fits into a bug report."""

from typing import Annotated

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import tell, tell_json
from mmap_studio.formatting import counted

MARKS = {"ok": "ok     ", "warning": "warning", "problem": "PROBLEM"}
DISPLAY = "mmap_studio.ui.display_check:display"


def doctor(
    verify: Annotated[bool, typer.Option("--verify", help="Read the whole cache, not only the newest of it.")] = False,
    json: options.Json = False,
) -> None:
    """Check versions, libraries, folders, cache, GPU and display.

    The report names no user, host or folder of yours, so it can be pasted into a bug report. Exit code 1 if there is
    a problem.
    """
    from mmap_studio.session.doctor.report import CHECKS, Check, document, examine

    found = []
    for one in examine((*CHECKS, Check("display", DISPLAY, 60)), verify):
        found.append(one)
        if not json:
            tell(
                f"{MARKS[one.state]}  {one.check}: {one.said}" + (f"\n         -> {one.remedy}." if one.remedy else "")
            )
    report = document(found)
    if json:
        tell_json(report)
    else:
        tell(f"{counted(report['problems'], 'problem')}, {counted(report['warnings'], 'warning')}.")
    if report["problems"]:
        raise typer.Exit(1)
