"""`predict`: classify images with trained prompts, or with what another method learned."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, percent, say, table, tell, tell_json
from mmap_studio.formatting import printable

if TYPE_CHECKING:
    from mmap_studio.data.skipped import Skipped
    from mmap_studio.session.run.predictions import FilePrediction


def predict(
    prompts: options.Prompts,
    images: Annotated[
        list[Path], typer.Argument(parser=options.path_of, metavar="IMAGE...", help="Images, or folders of images.")
    ],
    task: Annotated[
        str | None, typer.Option(metavar="TASK", help="Task to classify for; optional if there is one.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, metavar="K", help="The K most probable classes of every image.")] = 1,
    classes: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B,C", help="Other class names than those that were trained; may be repeated."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(parser=options.path_of, metavar="FILE", help="Write the predictions as a table, too.")
    ] = None,
    backbone: options.MovedBackbone = None,
    device: options.Device = None,
    json: options.Json = False,
) -> None:
    """Classify images with trained prompts."""
    from mmap_studio.session.results.export_files import check_save, save
    from mmap_studio.session.run.exported import exported_classes
    from mmap_studio.session.run.predictions import image_files, left_out_text, predict_files

    if csv is not None and csv.suffix.lower() != ".csv":
        raise UsageError(f"--csv must name a file that ends in .csv. Got {str(csv)!r} instead.")
    if csv is not None:
        check_save(csv)
    names = [name.strip() for text in classes or () for name in text.split(",") if name.strip()] or None
    if classes and not names:
        raise UsageError("--classes must be class names with commas between them. Got none instead.")
    trained, trained_on = exported_classes(prompts)
    tasks = list(trained)
    chosen = tasks[0] if task is None and len(tasks) == 1 else options.task_of(task, tasks)
    files, left_out = image_files(images)
    if left_out:
        say(f"{left_out_text(left_out)}.")
    from mmap_studio.session.compare.classifier import load_classifier  # with torch: what is wrong above is said first

    given = predict_files(load_classifier(prompts, backbone, device or "auto"), files, chosen, top, names)
    if csv is not None:
        save(csv, _csv(given, top))
    if json:
        tell_json(_document(prompts, chosen, trained_on, given, left_out))
    else:
        rows = [_row(one) for one in given if not one.error]
        width = max((len(row) for row in rows), default=0)
        heads = [["image", *["class", "probability"] * (width // 2)]]
        padded = [row + [""] * (width - len(row)) for row in rows]
        tell(table([*heads, *padded], left=2)) if rows else None
    failed = [one for one in given if one.error]
    for one in failed:
        say(f"{printable(str(one.image))} cannot be read: {one.error}.")
    if failed:
        raise typer.Exit(1)


def _row(one: "FilePrediction") -> list[str]:
    cells = [(printable(best.class_name), percent(best.probability)) for best in one.top]
    return [printable(str(one.image)), *(cell for pair in cells for cell in pair)]


def _csv(given: "list[FilePrediction]", top: int) -> str:
    """One row an image: its classes with their probabilities, the best first, or why it cannot be read."""
    from mmap_studio.session.results.formats import table_text

    width = max((len(one.top) for one in given), default=top)
    numbers = ["", *(f"_{number}" for number in range(2, width + 1))]
    header = ["image", *(f"{what}{number}" for number in numbers for what in ("class", "probability")), "error"]
    rows = []
    for one in given:
        cells = [cell for best in one.top for cell in (best.class_name, best.probability)]
        rows.append([str(one.image), *cells, *[None] * (2 * len(numbers) - len(cells)), one.error])
    return table_text(header, rows)


def _document(
    prompts: Path, task: str, backbone: str, given: "list[FilePrediction]", left_out: "list[Skipped]"
) -> dict[str, Any]:
    rows = [
        {"image": str(one.image), "class": one.class_name, "probability": one.probability, "index": one.index,
         "error": one.error,
         "top": [{"class": best.class_name, "probability": best.probability, "index": best.index} for best in one.top]}
        for one in given
    ]  # fmt: skip
    out = {"count": len(left_out), "first": [{"path": one.path, "reason": one.reason} for one in left_out[:20]]}
    return {"format": 1, "prompts": str(prompts), "task": task, "backbone": backbone, "predictions": rows,
            "left_out": out}  # fmt: skip
