"""`search`: images of a project by a text, or like an image; `tags`: those a user gave to images."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, say, table, tell, tell_json

if TYPE_CHECKING:
    from mmap_studio.method.task import TaskSpec
    from mmap_studio.session.gallery.finding import Found

SPLITS = ("train", "val", "test")


def search(
    project: options.ProjectName,
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help='What to look for, such as "a red car".')] = None,
    like: Annotated[
        Path | None, typer.Option(parser=options.path_of, metavar="IMAGE", help="Look for images like this one.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, metavar="N", help="The N nearest images.")] = 20,
    task: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this task; may be repeated.")] = None,
    split: Annotated[str, typer.Option(metavar="test|val|train|all", help="Images of which part.")] = "test",
    device: options.Device = None,
    json: options.Json = False,
) -> None:
    """Find images by a text, or like another image."""
    if (text is None) == (like is None):
        raise UsageError('Say what to look for: a text such as "a red car", or --like IMAGE; one of both.')
    if split not in (*SPLITS, "all"):
        raise UsageError(f"--split must be test, val, train or all. Got {split!r} instead.")
    from mmap_studio.storage.opener import check_regular

    if like is not None:
        check_regular(like)
    from mmap_studio.cli.settings import changes_of, with_changes
    from mmap_studio.session.project.project import Project

    opened = with_changes(Project.open(project), changes_of(None, None, device), None)
    names = [entry.name for entry in opened.file.tasks]
    for name in task or ():
        options.task_of(name, names)
    from mmap_studio.session.cache.user_cache import user_cache
    from mmap_studio.session.gallery.finding import search_like, search_text
    from mmap_studio.session.gallery.project_images import project_images

    clip, cached, tasks = project_images(opened, user_cache(say), say)
    tasks = tuple(one for one in tasks if one.name in (task or names))
    splits = SPLITS if split == "all" else (split,)
    if text is not None:
        found = search_text(clip, cached, tasks, splits, text, make=True, told=say)
    else:
        assert like is not None
        found = search_like(clip, cached, tasks, splits, like, make=True, told=say)
    images = _images(found, tasks, top)
    if json:
        tell_json({"format": 1, "searched": len(found), "text": text, "like": like and str(like), "images": images})
        return
    rows = [
        [f"{one['score']:.3f}", one["task"], one["split"], one["class"], one["file"] or f"image {one['index']}"]
        for one in images
    ]
    tell(table([["score", "task", "split", "class", "file"], *rows], left=5))


def _images(found: "Found", tasks: "tuple[TaskSpec, ...]", top: int) -> list[dict[str, Any]]:
    from mmap_studio.session.dataset.pixels import path_of

    by_name = {one.name: one for one in tasks}
    listed = []
    for image, score in found.ranked(top):
        images = by_name[image.task].split(image.split)
        path = path_of(images, image.index)
        listed.append({
            "score": round(score, 6), "task": image.task, "split": image.split,
            "class": by_name[image.task].class_names[int(images.labels[image.index])],
            "index": image.index, "file": str(path) if path else None,
        })  # fmt: skip
    return listed


def tags(
    project: options.ProjectName,
    tag: Annotated[str | None, typer.Option(metavar="TAG", help="Name the images that have this tag.")] = None,
    json: options.Json = False,
) -> None:
    """List the tags given to images, or the images of one."""
    from mmap_studio.session.gallery.tags import read_tags
    from mmap_studio.session.project.project import Project

    found = read_tags(Project.open(project).folder, say)
    if tag is not None and tag not in found.of:
        there = ", ".join(map(repr, found.names)) or "none yet"
        raise UsageError(f"--tag must be one of the project's tags ({there}). Got {tag!r} instead.")
    chosen = found.names if tag is None else (tag,)
    if json:
        tell_json({"format": 1, "tags": {name: found.to_json()["tags"][name] for name in chosen}})
    elif not chosen:
        tell("No image has a tag yet: the window gives tags, with T on an image.")
    elif tag is None:
        tell(table([["tag", "images"], *([name, f"{found.count(name):,}"] for name in chosen)]))
    else:
        rows = [[task, name] for task, names in sorted(found.of[tag].items()) for name in sorted(names)]
        tell(table([["task", "image"], *rows], left=2))
