"""What `new` says: the layout with its reason, counts, notices, names that CLIP reads differently, what to do next."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mmap_studio.cli.terminal.output import table
from mmap_studio.formatting import counted

if TYPE_CHECKING:
    from mmap_studio.session.ingest.create import Created
    from mmap_studio.session.ingest.recognise import LayoutReport
    from mmap_studio.session.project.project_file import SplitSettings, TaskEntry

NAMED = 12
"""Skipped files and renamed classes that are listed one by one."""
EVERY = 0.2
"""Seconds between two counts on a terminal."""


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """A count of images on the terminal's last line while a folder is looked into; elsewhere nothing."""
    from mmap_studio.session.ingest.create import tidy

    shown_at = time.monotonic()
    terminal = sys.stderr.isatty()

    def tick(images: int) -> None:
        nonlocal shown_at
        if terminal and time.monotonic() - shown_at > EVERY:
            shown_at = time.monotonic()
            sys.stderr.write(f"\r\x1b[KLooking into {tidy(what)}: {counted(images, 'image')}")
            sys.stderr.flush()

    try:
        yield tick
    finally:
        if terminal:
            sys.stderr.write("\r\x1b[K")


def recognised(report: "LayoutReport", entries: Sequence["TaskEntry"], split: "SplitSettings") -> str:
    """The layout and its reason, the tasks in a table, and what it could be instead."""
    from mmap_studio.session.ingest.create import tidy

    lines = [f"Layout: {tidy(report.layout)}, that is {report.shape}", tidy(report.why)]
    if report.others:
        lines.append(f"It could be read as {tidy(', '.join(report.others))} too (--layout NAME).")
    return "\n".join([*lines, "", _tasks(report, entries, split)])


def report_text(created: "Created") -> str:
    """Everything that was found, and what to do next."""
    from mmap_studio.session.ingest.create import tidy

    report, file = created.report, created.project.file
    about, _, tasks = recognised(report, file.tasks, file.split).partition("\n\n")
    lines = [tasks, "", *about.splitlines()]
    lines += [f"Note: {tidy(text)}" for text in report.notices]
    lines += _some([f"Skipped {tidy(path)}: {reason}." for path, reason in report.skipped], "skipped")
    lines += _some([tidy(text) for text in _classes(report, file.tasks)], "classes")
    lines.append(f"Project: {created.project.folder}")
    return "\n".join([*lines, f"Next: {_next(created)}"])


def document(created: "Created") -> dict[str, Any]:
    """The same for a script."""
    from mmap_studio.session.ingest.create import class_count, parts_of, read_as

    report, file = created.report, created.project.file
    tasks = [
        {"name": one.task, "classes": class_count(one, entry), "images": one.images,
         "splits": parts_of(one, entry, file.split), "read_as": read_as(one, entry)}
        for one, entry in zip(report.found, file.tasks, strict=True)
    ]  # fmt: skip
    layout = {"name": report.layout, "shape": report.shape, "why": report.why, "others": list(report.others)}
    return {
        "format": 1,
        "name": created.project.name,
        "layout": layout,
        "tasks": tasks,
        "notices": list(report.notices),
        "skipped": [{"path": path, "reason": reason} for path, reason in report.skipped],
        "paths": {"project": str(created.project.folder)},
    }


def _tasks(report: "LayoutReport", entries: Sequence["TaskEntry"], split: "SplitSettings") -> str:
    """A row a task, with the images of each part in the first run."""
    from mmap_studio.session.ingest.create import class_count, parts_of, tidy

    rows = [["task", "classes", "images", "train", "val", "test"]]
    for one, entry in zip(report.found, entries, strict=True):
        parts = parts_of(one, entry, split).values()
        classes = f"{class_count(one, entry):,}"
        rows.append([tidy(one.task), classes, f"{one.images:,}", *(f"{count:,}" for count in parts)])
    return table(rows)


def _classes(report: "LayoutReport", entries: Sequence["TaskEntry"]) -> list[str]:
    """What CLIP reads where it is not the folder's name, and what is left out; once for all tasks that agree."""
    from mmap_studio.session.ingest.create import read_as

    said: dict[str, None] = {}
    for one, entry in zip(report.found, entries, strict=True):
        merged = {raw for members in entry.merged.values() for raw in members}
        for new, members in entry.merged.items():
            said[f"Classes {', '.join(members)} are one: {new}"] = None
        for raw, text in read_as(one, entry).items():
            if raw not in merged:
                said[f"Class {raw} is read as: {text or '(nothing)'}"] = None
        said |= dict.fromkeys(f"Class {raw} is left out" for raw in entry.left_out)
    return list(said)


def _next(created: "Created") -> str:
    import shlex

    return shlex.join(["mmap-studio", "run", str(created.project.folder)])


def _some(lines: list[str], what: str) -> list[str]:
    more = len(lines) - NAMED
    return [*lines[:NAMED], f"... and {more} more {what}."] if more > 0 else lines
