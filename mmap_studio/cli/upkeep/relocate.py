"""`relocate`: say where the images or the backbone of a project are now."""

from pathlib import Path
from typing import Annotated

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, tell, tell_json
from mmap_studio.formatting import printable


def relocate(
    project: options.ProjectName,
    data: Annotated[
        Path | None,
        typer.Option(
            parser=options.path_of, metavar="FOLDER", help="The folder that the images lie in now, or an archive."
        ),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(metavar="TASK", help="Only this task; may be repeated. Else those whose folders are missing."),
    ] = None,
    backbone: Annotated[str | None, typer.Option(metavar="NAME", help="Where the backbone is now.")] = None,
    json: options.Json = False,
) -> None:
    """Say where moved images or a backbone are now.

    Splits, runs and settings stay as they are.
    """
    from mmap_studio.session.backbones.resolve import absolute, portable
    from mmap_studio.session.dataset.relocation import find_moved, relocated
    from mmap_studio.session.project.project import Project

    if data is None and backbone is None:
        raise UsageError("relocate needs --data FOLDER, --backbone NAME, or both. Got neither.")
    if task and data is None:
        raise UsageError("--task says whose images --data names; give --data FOLDER too.")
    opened = Project.open(project)
    moved = find_moved(opened, data, task or ()) if data is not None else ()
    named = portable(absolute(backbone), opened.folder) if backbone is not None else opened.file.backbone
    made = relocated(opened, moved).with_backbone(named)
    made.save()
    if json:
        tasks = [
            {"name": one.entry.name, "folder": str(one.folder), "images": len(one.domain.files), "lost": one.lost}
            for one in moved
        ]
        tell_json({"format": 1, "project": str(made.folder), "backbone": named, "tasks": tasks})
        return
    lines = [one.sentence for one in moved] + ([f"Backbone: {named}"] if backbone is not None else [])
    tell("\n".join(map(printable, lines)))
