"""`predict`: classify images with trained prompts, or with what another method learned."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, percent, say, table, tell, tell_json
from mmap_studio.formatting import printable

if TYPE_CHECKING:
    from mmap_studio.session.run.predictions import FilePrediction


def predict(
    prompts: Annotated[Path, typer.Argument(metavar="PROMPTS", help="A folder written by run or export.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Images, or folders of images.")],
    task: Annotated[
        str | None, typer.Option(metavar="TASK", help="Task to classify for; optional if there is one.")
    ] = None,
    backbone: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where the backbone is now, if it has moved.")
    ] = None,
    device: options.Device = None,
    json: options.Json = False,
) -> None:
    """Classify images with trained prompts."""
    from mmap_studio.session.run.exported import exported_classes
    from mmap_studio.session.run.predictions import image_files, predict_files

    classes, trained_on = exported_classes(prompts)
    chosen = _task(task, list(classes))
    files = image_files(images)
    from mmap_studio.session.compare.classifier import load_classifier  # with torch: what is wrong above is said first

    given = predict_files(load_classifier(prompts, backbone, device or "auto"), files, chosen)
    if json:
        tell_json(_document(prompts, chosen, trained_on, given))
    else:
        found = [one for one in given if not one.error]
        rows = [[printable(str(one.image)), str(one.class_name), percent(one.probability)] for one in found]
        tell(table([["image", "class", "probability"], *rows], left=2)) if rows else None
    failed = [one for one in given if one.error]
    for one in failed:
        say(f"{printable(str(one.image))} cannot be read: {one.error}")
    if failed:
        raise typer.Exit(1)


def _task(asked: str | None, names: list[str]) -> str:
    if asked is None and len(names) == 1:
        return names[0]
    if asked is None or asked not in names:
        got = "none" if asked is None else repr(asked)
        raise UsageError(f"--task must be one of {', '.join(map(repr, names))}. Got {got} instead.")
    return asked


def _document(prompts: Path, task: str, backbone: str, given: "list[FilePrediction]") -> dict[str, Any]:
    rows = [
        {"image": str(one.image), "class": one.class_name, "probability": one.probability, "index": one.index,
         "error": one.error}
        for one in given
    ]  # fmt: skip
    return {"format": 1, "prompts": str(prompts), "task": task, "backbone": backbone, "predictions": rows}
