"""Scores of exported prompts, or of another method, on a labelled set of images that they were not made from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmap_studio.data.domains import Domain
from mmap_studio.data.images.decode import decode_many
from mmap_studio.data.images.sources import sources
from mmap_studio.data.layouts import AUTO
from mmap_studio.data.names import as_read, clean_class_name
from mmap_studio.data.paths import expanded, resolved
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.survey import survey
from mmap_studio.errors import InputError
from mmap_studio.formatting import shown, some
from mmap_studio.method.evaluation import (
    BATCH_SIZE,
    Evaluation,
    class_text_features,
    encode_pixels,
    probabilities,
    score_probabilities,
)
from mmap_studio.session.run.classifier import Classifier


@dataclass(frozen=True)
class LabelledScores:
    """Scores of one domain of a labelled set of images."""

    domain: str
    task: str
    """Whose prompts were used."""
    classes: tuple[str, ...]
    """Among which every image was classified."""
    scores: Evaluation
    zero_shot: Evaluation
    """Of CLIP alone with the task's template."""
    unreadable: tuple[tuple[str, str], ...]
    """Path and reason of images that could not be scored."""
    skipped: tuple[tuple[str, str], ...]
    """Path and reason of what of the data is not used."""


def score_images(
    classifier: Classifier,
    data: Path | str,
    task: str | None = None,
    layout: str = AUTO,
    part: str = "all",
    class_names: Mapping[str, str] = {},
    left_out: Sequence[str] = (),
    own_classes: bool = False,
) -> Iterator[LabelledScores]:
    """Scores on every domain of a folder, archive or table of labelled images, domain by domain.

    data, layout : as `mmap-studio new` reads them
    task : whose prompts are used; without it that of the domain's name, or the only one
    part : "train", "val" or "test" of what folders or lists give, or "all" images
    class_names : class of the data -> the name it has among the trained classes
    left_out : classes of the data that are not scored
    own_classes : classify among the data's own classes instead of the trained ones, for prompts alone

    Raises DataError or InputError, before an image is opened, where the data cannot be read, has no such part, or a
    domain or class of it is none that was trained.
    """
    found = survey(resolved(expanded(data)), layout)
    unknown = {*class_names, *left_out} - {name for domain in found.domains for name in domain.classes}
    if unknown:
        are = "is" if len(unknown) == 1 else "are"
        raise InputError(
            f"Classes must be among those of {data}, but {some(sorted(unknown))} {are} not; check the name."
        )
    plans = []
    for domain in found.domains:
        chosen = _task_of(classifier, domain, task)
        texts = {raw: class_names.get(raw) or clean_class_name(raw) for raw in domain.classes if raw not in left_out}
        names = tuple(dict.fromkeys(texts.values())) if own_classes else classifier.class_names(chosen)
        plans.append((domain, chosen, names, _targets(domain, texts, names), _rows(domain, part, left_out)))
        if own_classes:
            classifier.checked_classes(names, chosen)
    skipped = tuple((one.path, one.reason) for one in found.skipped)
    for domain, chosen, names, targets, rows in plans:
        yield _scored(classifier, domain, chosen, names, targets, rows, own_classes, skipped)


def _task_of(classifier: Classifier, domain: Domain, task: str | None) -> str:
    tasks = classifier.tasks
    if task is None and domain.name not in tasks and len(tasks) > 1:
        raise InputError(
            f"Domain {shown(domain.name)} must be called as one of the tasks {some(tasks)}, but is not; say with "
            "--task whose prompts it is for."
        )
    chosen = task or (domain.name if domain.name in tasks else tasks[0])
    if chosen not in tasks:
        raise InputError(f"task must be one of {', '.join(tasks)}. Got {task!r} instead.")
    return chosen


def _targets(domain: Domain, texts: Mapping[str, str], names: Sequence[str]) -> np.ndarray:
    """int64 (C,): the index among `names` of every class of a domain, -1 for one that is left out."""
    index = {as_read(name): number for number, name in reversed(list(enumerate(names)))}
    unknown = [raw for raw, text in texts.items() if as_read(text) not in index]
    if unknown:
        raise InputError(
            f"Classes of domain {shown(domain.name)} must be among those that were trained ({some(names)}), but "
            f"{some(unknown, 3)} {'is' if len(unknown) == 1 else 'are'} not; say with --class CLASS=NAME which one a "
            "class is, leave it out with --leave-out, or classify among the data's own classes with --own-classes."
        )
    return np.array([index[as_read(texts[raw])] if raw in texts else -1 for raw in domain.classes], np.int64)


def _rows(domain: Domain, part: str, left_out: Sequence[str]) -> np.ndarray:
    """int64 (N,): the images of a part, without those of classes that are left out."""
    used = np.array([name not in left_out for name in domain.classes])[domain.labels]
    if part != "all":
        used &= np.array([given == part for given in domain.given_splits])
    if not used.any():
        raise InputError(f"Domain {shown(domain.name)} must have {part} images of these classes, but has none.")
    return np.flatnonzero(used)


def _scored(
    classifier: Classifier, domain: Domain, task: str, names: tuple[str, ...], targets: np.ndarray, rows: np.ndarray,
    own_classes: bool, skipped: tuple[tuple[str, str], ...],
) -> LabelledScores:  # fmt: skip
    clip, entry = classifier.clip, classifier.classes[task]
    plain = class_text_features(clip, [entry["template"].replace("{}", name) for name in names])
    found: list[tuple[np.ndarray, np.ndarray]] = []
    labels: list[int] = []
    unreadable: list[tuple[str, str]] = []
    batch: list[np.ndarray] = []

    def flush() -> None:
        pixels = np.stack(batch)  # (n, S, S, 3)
        own = classifier.probabilities(pixels, task, names if own_classes else None)
        found.append((own, probabilities(clip, encode_pixels(clip, pixels).cpu().numpy(), plain)))
        batch.clear()

    for row, one in decode_many(sources(domain, rows.tolist()), clip.geometry):
        if isinstance(one, Skipped):
            unreadable.append((domain.files.path(row), one.reason))
            continue
        batch.append(one)
        labels.append(int(targets[domain.labels[row]]))
        if len(batch) == BATCH_SIZE:
            flush()
    if batch:
        flush()
    truth = np.array(labels, np.int64)
    none = np.zeros((0, len(names)), np.float32)
    own, zero = (np.concatenate([none, *(pair[which] for pair in found)]) for which in (0, 1))
    return LabelledScores(
        domain.name, task, names, score_probabilities(own, truth), score_probabilities(zero, truth), tuple(unreadable),
        skipped,
    )  # fmt: skip
