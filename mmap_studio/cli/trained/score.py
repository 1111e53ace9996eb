"""`score`: how well trained prompts do on another labelled set of images."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, percent, points, say, table, tell, tell_json
from mmap_studio.formatting import counted, printable, shown_value

if TYPE_CHECKING:
    from mmap_studio.method.evaluation import Evaluation
    from mmap_studio.session.compare.labelled_images import LabelledScores


def score(
    prompts: options.Prompts,
    data: Annotated[
        Path,
        typer.Argument(
            parser=options.path_of,
            metavar="DATA",
            help="Labelled images: a folder, archive or table as `new` reads them.",
        ),
    ],
    task: Annotated[
        str | None, typer.Option(metavar="TASK", help="Whose prompts; else those of the task called as the domain.")
    ] = None,
    layout: Annotated[str, typer.Option(metavar="NAME", help="Read DATA as this layout, as `new` does.")] = "auto",
    part: Annotated[
        Literal["all", "train", "val", "test"],
        typer.Option("--part", metavar="all|train|val|test", help="Only these images, where folders or lists say."),
    ] = "all",
    renamed: Annotated[
        list[str] | None,
        typer.Option("--class", metavar="CLASS=NAME", help="What a class of DATA is called; may be repeated."),
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(metavar="CLASS", help="A class of DATA that is not scored; may be repeated.")
    ] = None,
    own_classes: Annotated[
        bool, typer.Option("--own-classes", help="Classify among the classes of DATA, not those that were trained.")
    ] = False,
    backbone: options.MovedBackbone = None,
    device: options.Device = None,
    json: options.Json = False,
) -> None:
    """Score trained prompts on other labelled images."""
    named = dict(_parted(text) for text in renamed or ())
    from mmap_studio.session.run.exported import exported_classes

    _, trained_on = exported_classes(prompts)
    from mmap_studio.session.compare.classifier import load_classifier
    from mmap_studio.session.compare.labelled_images import score_images

    classifier = load_classifier(prompts, backbone, device or "auto")
    scored = list(score_images(classifier, data, task, layout, part, named, leave_out or (), own_classes))
    if json:
        tell_json(_document(prompts, data, trained_on, scored))
    else:
        tell(_table(scored))
    for one in scored:
        for path, reason in one.unreadable:
            say(f"{printable(path)} of {printable(one.domain)} cannot be read: {reason}.")
    if scored and scored[0].skipped:
        left_out = counted(len(scored[0].skipped), "entry", "entries")
        say(f"{left_out} of {printable(str(data))} left out, which `new` lists with the reasons.")
    if any(one.unreadable for one in scored):
        raise typer.Exit(1)


def _parted(text: str) -> tuple[str, str]:
    left, equals, right = (part.strip() for part in text.rpartition("="))
    if not (equals and left and right):
        raise UsageError(f"--class must be CLASS=NAME, such as n02=dog. Got {shown_value(text)} instead.")
    return left, right


def _table(scored: "list[LabelledScores]") -> str:
    rows = [["domain", "prompts of", "images", "zero-shot", "prompts", "change", "macro-F1", "calibration error"]]
    for one in scored:
        own, zero = one.scores, one.zero_shot
        rows.append([
            printable(one.domain), printable(one.task), f"{own.n:,}", percent(zero.accuracy), percent(own.accuracy),
            points(100 * (own.accuracy - zero.accuracy)), percent(own.macro_f1), percent(own.ece),
        ])  # fmt: skip
    return table(rows, left=2)


def _document(prompts: Path, data: Path, backbone: str, scored: "list[LabelledScores]") -> dict[str, Any]:
    domains = [
        {"name": one.domain, "task": one.task, "images": one.scores.n, "classes": list(one.classes),
         "unreadable": [{"path": path, "reason": reason} for path, reason in one.unreadable[:20]],
         "unreadable_count": len(one.unreadable), "skipped": len(one.skipped),
         "scores": _figures(one.scores, one.classes), "zero_shot": _figures(one.zero_shot, one.classes)}
        for one in scored
    ]  # fmt: skip
    return {"format": 1, "prompts": str(prompts), "data": str(data), "backbone": backbone, "domains": domains}


def _figures(one: "Evaluation", classes: tuple[str, ...]) -> dict[str, Any]:
    per_class = {name: _share(float(value)) for name, value in zip(classes, one.per_class, strict=True)}
    return {"accuracy": _share(one.accuracy), "macro_f1": _share(one.macro_f1), "ece": _share(one.ece),
            "per_class": per_class}  # fmt: skip


def _share(value: float) -> float | None:
    return value if math.isfinite(value) else None
