"""What `new` says: the layout with its reason, counts, notices, names that CLIP reads differently, what to do next."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mmap_studio.cli.terminal.output import table
from mmap_studio.formatting import counted, printable, shell_line, some

if TYPE_CHECKING:
    from mmap_studio.session.ingest.report import ImportReport
    from mmap_studio.session.project.project import Project

PARTS = ("train", "val", "test")
NAMED = 12
"""Reasons to skip files and renamed classes that are listed one by one."""
FIRST = 8
"""Classes of a task that are named."""
EXAMPLES = 3
"""Files named for a reason to skip them."""
LISTED = 100
"""Skipped files, and reasons to skip some, that the document has; beside their number."""
EVERY = 0.2
"""Seconds between two counts on a terminal."""


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """A count of images on the terminal's last line while a folder is looked into; elsewhere nothing."""
    shown_at = time.monotonic()
    terminal = sys.stderr.isatty()

    def tick(images: int) -> None:
        nonlocal shown_at
        if terminal and time.monotonic() - shown_at > EVERY:
            shown_at = time.monotonic()
            sys.stderr.write(f"\r\x1b[KScanning {printable(what)}: {counted(images, 'image')}")
            sys.stderr.flush()

    try:
        yield tick
    finally:
        if terminal:
            sys.stderr.write("\r\x1b[K")


def recognised(report: "ImportReport") -> str:
    """The layout and its reason, what it could be instead, the first classes, and the tasks in a table."""
    return "\n".join([*_layout(report), *_first_classes(report), "", _tasks(report)])


def report_text(report: "ImportReport", project: "Project") -> str:
    """Everything that was found, and what to do next."""
    lines = [_tasks(report), "", _per_class(report), "", *_layout(report), *_first_classes(report)]
    lines += [f"Note: {printable(text)}" for text in report.notes]
    lines += _some(list(_skipped(report)), "reasons to skip files")
    lines += _some([printable(text) for text in _classes(report)], "classes")
    lines.append(f"Project: {printable(project.folder)}")
    return "\n".join([*lines, f"Next: {shell_line(['mmap-studio', 'run', str(project.folder)])}"])


def document(report: "ImportReport", project: "Project") -> dict[str, Any]:
    """The same for a script."""
    (read,) = report.readings
    return {
        "format": 1,
        "name": project.name,
        "layout": {"name": read.layout, "shape": read.shape, "why": read.why, "others": list(read.others)},
        "tasks": [
            {"name": task.name, "classes": len(task.class_texts), "images": task.images,
             "splits": dict(zip(PARTS, task.parts, strict=True)), "read_as": task.renamed,
             "class_names": list(task.class_texts),
             "per_class": {part: {"fewest": fewest, "most": most}
                           for part, (fewest, most) in zip(PARTS, task.per_class, strict=True)}}
            for task in report.tasks
        ],
        "subjects": report.planned.document,
        "notices": list(report.notes),
        "skipped": [{"path": path, "reason": reason} for path, reason in report.skipped[:LISTED]],
        "skipped_count": len(report.skipped),
        "skipped_reasons": {reason: len(paths) for reason, paths in report.skipped_by_reason[:LISTED]},
        "paths": {"project": str(project.folder)},
    }  # fmt: skip


def _layout(report: "ImportReport") -> list[str]:
    (read,) = report.readings
    lines = [f"Layout: {printable(read.layout)}, that is {read.shape}", printable(read.why)]
    if read.others:
        lines.append(f"It could be read as {printable(', '.join(read.others))} too (--layout NAME).")
    return lines


def _tasks(report: "ImportReport") -> str:
    rows = [["task", "classes", "images", *PARTS]]
    for task in report.tasks:
        counts = (len(task.class_texts), task.images, *task.parts)
        rows.append([printable(task.name), *(f"{count:,}" for count in counts)])
    return table(rows)


def _per_class(report: "ImportReport") -> str:
    """The fewest and the most images that a class has in each part."""
    rows = [["images a class", *PARTS]]
    for task in report.tasks:
        spans = (f"{low:,}" if low == high else f"{low:,}-{high:,}" for low, high in task.per_class)
        rows.append([printable(task.name), *spans])
    return table(rows)


def _first_classes(report: "ImportReport") -> list[str]:
    """The first classes of every task as CLIP reads them, once for tasks that have the same."""
    lines = []
    for tasks, texts in report.class_lists:
        names = ", ".join(printable(text) for text in texts[:FIRST])
        more = f" and {len(texts) - FIRST:,} more" if len(texts) > FIRST else ""
        lines.append(f"Classes of {printable(', '.join(tasks))}: {names}{more}")
    return _some(lines, "lists of classes")


def _skipped(report: "ImportReport") -> Iterator[str]:
    for reason, paths in report.skipped_by_reason:
        yield f"Skipped {len(paths):,}, {reason}: {some(paths, EXAMPLES)}."


def _classes(report: "ImportReport") -> list[str]:
    """What CLIP reads where it is not the folder's name, and what is left out; once for all tasks that agree."""
    said: dict[str, None] = {}
    for task in report.tasks:
        merged = {raw for members in task.entry.merged.values() for raw in members}
        for new, members in task.entry.merged.items():
            said[f"Classes {', '.join(members)} are one: {new}"] = None
        for raw, text in task.renamed.items():
            if raw not in merged:
                said[f"Class {raw} is read as: {text or '(nothing)'}"] = None
        said |= dict.fromkeys(f"Class {raw} is left out" for raw in task.entry.left_out)
    return list(said)


def _some(lines: list[str], what: str) -> list[str]:
    more = len(lines) - NAMED
    return [*lines[:NAMED], f"... and {more} more {what}."] if more > 0 else lines
