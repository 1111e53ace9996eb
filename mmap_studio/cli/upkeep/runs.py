"""`runs`: the runs of a project side by side: named, compared, thrown away and brought back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, is_terminal, percent, points, say, table, tell, tell_json
from mmap_studio.errors import InputError
from mmap_studio.formatting import counted, printable

if TYPE_CHECKING:
    from mmap_studio.session.explore.changed import ChangedImages
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.runs.listing import RunEntry

app = typer.Typer(
    help="List, name, compare, delete and restore runs.", no_args_is_help=True, rich_markup_mode=None
)  # fmt: skip
RunName = Annotated[str, typer.Argument(metavar="RUN", help="Its name, its folder or how that begins, or latest.")]
ZERO = "zero_shot"
"""In place of a run, CLIP without prompts."""


@app.command("ls")
def ls(project: options.ProjectName, json: options.Json = False) -> None:
    """List the runs: pinned ones first, the newest first."""
    _, entries = _open(project)
    for entry in entries:
        if entry.problem:
            say(entry.problem)
    if json:
        tell_json({"format": 1, "runs": [_document(entry) for entry in entries]})
        return
    lines = [
        [
            f"{'* ' if one.about.pinned else ''}{one.title}", one.name, one.ended_as,
            ", ".join(one.about.tags), one.groups.text() if one.groups else "",
            "" if one.seed is None else str(one.seed), percent(one.mean), points(one.gain),
        ]
        for one in entries
    ]  # fmt: skip
    if lines:
        tell(table([["run", "folder", "state", "tags", "groups", "seed", "mean", "change"], *lines], left=5))
        told = [f"{one.title}: {one.about.note}" for one in entries if one.about.note]
        tell("\n".join(["", *told]) if told else "")
    tell(counted(len(entries), "run"))


@app.command("edit")
def edit(
    project: options.ProjectName,
    run: RunName,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="What the run is called; empty for none.")] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="A note of any length; empty for none.")] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="TAG", help="One more tag; may be repeated.")] = None,
    untag: Annotated[list[str] | None, typer.Option(metavar="TAG", help="One tag less; may be repeated.")] = None,
    pin: Annotated[bool | None, typer.Option("--pin/--unpin", help="Keep it on top of the list, or not.")] = None,
    json: options.Json = False,
) -> None:
    """Give a run a name, a note and tags, or pin it."""
    from mmap_studio.session.runs.about import edit_about, tags_of
    from mmap_studio.session.runs.listing import entry_of

    if (name, note, tag, untag, pin) == (None, None, None, None, None):
        raise UsageError("`runs edit` must be told what to change: --name, --note, --tag, --untag, --pin or --unpin.")
    entry = _find(project, run)
    more = [one for text in tag or () for one in tags_of(text)]
    less = [one for text in untag or () for one in tags_of(text)]
    edit_about(entry.run, name=name, note=note, tag=more, untag=less, pinned=pin)
    after = entry_of(entry.run)
    if json:
        tell_json({"format": 1, **_document(after)})
    else:
        said = after.title, ", ".join(after.about.tags), "pinned" if after.about.pinned else ""
        tell("; ".join(filter(None, said)))


@app.command("diff")
def diff(project: options.ProjectName, first: RunName, second: RunName, json: options.Json = False) -> None:
    """List the settings in which two runs differ."""
    from mmap_studio.session.runs.differences import differences

    mine, other = _find(project, first), _find(project, second)
    found = differences(mine.run, other.run)
    if json:
        rows = [{"setting": one.setting, "first": one.first, "second": one.second} for one in found]
        tell_json({"format": 1, "first": mine.name, "second": other.name, "differences": rows})
    elif found:
        rows_ = [[one.setting, one.first, one.second] for one in found]
        tell(table([["setting", mine.title, other.title], *rows_], left=3))
    else:
        tell("The two runs differ in no setting.")


@app.command("images")
def images(
    project: options.ProjectName,
    first: RunName,
    second: RunName,
    task: Annotated[str | None, typer.Option(metavar="TASK", help="Only this task.")] = None,
    json: options.Json = False,
) -> None:
    """List the test images that are right in one run and wrong in the other.

    In place of a run, zero_shot is CLIP without prompts. Predictions come from the cache.
    """
    opened, entries = _open(project)
    from mmap_studio.session.runs.listing import find_entry

    named = {name: None if name == ZERO else find_entry(entries, name) for name in (first, second)}
    if task is not None:
        options.task_of(task, [entry.name for entry in opened.file.tasks])
    from mmap_studio.session.cache.user_cache import user_cache
    from mmap_studio.session.dataset.pixels import path_of
    from mmap_studio.session.explore.changed import changed_of
    from mmap_studio.session.runs.predictions import RecordedPredictions

    known = RecordedPredictions(opened, user_cache(say))
    chosen = [known.zero_shot if entry is None else known.of(entry.run) for entry in (named[first], named[second])]
    wanted = [one for one in known.tasks if task in (None, one.name)]
    found = changed_of(known.labels(), chosen[0], chosen[1], [one.name for one in wanted])
    rows = [
        {
            "task": one.name, "image": str(path_of(one.test, int(place)) or f"{one.name} {place}"), "change": kind,
            "truth": one.class_names[one.test.labels[place]], "taken_for": one.class_names[changed.predictions[place]],
        }
        for one in wanted
        for kind in found
        if (changed := found[kind].get(one.name)) is not None
        for place in changed.among.nonzero()[0]
    ]  # fmt: skip
    counts = {one.name: _counts(one.name, found) for one in wanted}
    if json:
        tell_json({"format": 1, "first": first, "second": second, "tasks": counts, "images": rows})
        return
    if rows:
        heads = ["change", "task", "image", "truth", "taken for"]
        cells = [[str(row[key.replace(" ", "_")]) for key in heads] for row in rows]
        tell(table([heads, *cells], left=5))
        tell()
    lines = [[name, *(str(one[key]) for key in ("fixed", "broken", "images"))] for name, one in counts.items()]
    tell(table([["task", "fixed", "broken", "images"], *lines]))


@app.command("delete")
def delete(
    project: options.ProjectName,
    run: Annotated[list[str], typer.Argument(metavar="RUN...", help="Names or folders of runs.")],
    json: options.Json = False,
) -> None:
    """Move runs to the project's trash, from which `runs restore` brings them back."""
    from mmap_studio.session.runs.listing import find_entry
    from mmap_studio.session.runs.trash import discard

    opened, entries = _open(project)
    chosen = {entry.name: entry for entry in (find_entry(entries, one) for one in run)}
    thrown = [discard(opened, entry.run) for entry in chosen.values()]
    if json:
        tell_json({"format": 1, "deleted": [one.name for one in thrown]})
    else:
        tell("\n".join(f"{printable(one.name)} is in the trash" for one in thrown))


@app.command("restore")
def restore(
    project: options.ProjectName,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its folder, as `runs trash` lists it.")],
    json: options.Json = False,
) -> None:
    """Bring a deleted run back."""
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.runs import trash

    back = trash.restore(Project.open(project), run)
    if json:
        tell_json({"format": 1, "restored": back.name})
    else:
        tell(f"{printable(back.name)} is back")


@app.command("trash")
def show_trash(
    project: options.ProjectName,
    empty: Annotated[bool, typer.Option("--empty", help="Delete all of it for good.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before --empty.")] = False,
    json: options.Json = False,
) -> None:
    """List what is in the project's trash, or empty it."""
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.runs import trash

    opened = Project.open(project)
    held = trash.discarded(opened)
    lines = [[one.name, f"{one.when.astimezone():%Y-%m-%d %H:%M}" if one.when else ""] for one in held]
    listed = table([["run", "deleted"], *lines], left=2)
    if empty and held and not (yes or json) and is_terminal():
        say(listed)
        if not typer.confirm(f"Delete {counted(len(held), 'run')} for good?", default=False, err=True):
            raise InputError("Nothing was deleted; `runs restore` brings a run back.")
    gone = trash.empty(opened, held) if empty else []
    if json:
        rows = [{"run": one.name, "deleted": one.when.isoformat() if one.when else None} for one in held]
        tell_json({"format": 1, "trash": [] if empty else rows, "emptied": gone})
        return
    if held and not empty:
        tell(listed)
    tell(f"{counted(len(gone), 'run')} deleted for good" if empty else f"{counted(len(held), 'run')} in the trash")


def _open(project: str) -> "tuple[Project, list[RunEntry]]":
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.runs.listing import runs_of

    opened = Project.open(project)
    return opened, runs_of(opened)


def _find(project: str, run: str) -> "RunEntry":
    from mmap_studio.session.runs.listing import find_entry

    return find_entry(_open(project)[1], run)


def _counts(task: str, found: "dict[Any, dict[str, ChangedImages]]") -> dict[str, int]:
    of = {kind: tasks[task] for kind, tasks in found.items() if task in tasks}
    return {kind: one.n for kind, one in of.items()} | {"images": next((one.of for one in of.values()), 0)}


def _document(entry: "RunEntry") -> dict[str, Any]:
    return {
        "run": entry.name, "name": entry.about.name, "note": entry.about.note, "tags": list(entry.about.tags),
        "pinned": entry.about.pinned, "state": entry.state,
        "began": entry.started.isoformat() if entry.started else None,
        "ended": entry.ended.isoformat() if entry.ended else None, "seed": entry.seed, "backbone": entry.backbone,
        "groups": entry.groups.to_json() if entry.groups else None, "mean": entry.mean, "zero_shot": entry.zero_shot,
        "path": str(entry.run.path), "problem": entry.problem,
    }  # fmt: skip
