"""Image features before and after prompting, and their way into the plane: PCA at once, t-SNE in the background.

Images and class texts of a CLIP lie in two separate cones (Liang et al. 2022, "Mind the gap"). So every kind is
centred on its own mean before it is projected: what is shown is direction within the kind, not the gap.
Before and after share their axes: a point that moves has moved.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmap_studio.formatting import counted
from mmap_studio.session.explore.selection import ImageRef, Selection

Method = Literal["pca", "tsne"]
TSNE_LIMIT = 4000
"""Images t-SNE places; more are left out evenly, and the view says so."""
PCA_SAMPLE = 4000
"""Images the principal axes are found from; all are projected."""


@dataclass(frozen=True)
class FeatureSet:
    """Unit features of the images of several tasks, and of the texts of their classes."""

    before: np.ndarray
    """float32 (N, d): of the frozen backbone."""
    after: np.ndarray | None
    """float32 (N, d): under the task's prompts, NaN for a task without; none before anything is trained."""
    labels: np.ndarray
    """int64 (N,): class index in the task's own list."""
    tasks: tuple[str, ...]
    task_of: np.ndarray
    """int64 (N,): index into `tasks`."""
    split: str
    index: np.ndarray
    """int64 (N,): row of the image in its task's split."""
    sizes: tuple[int, ...]
    """Images in each task's split; the features may be of some of them."""
    class_names: tuple[tuple[str, ...], ...]
    """One list a task."""
    texts_before: np.ndarray
    """float32 (M, d)"""
    texts_after: np.ndarray | None
    """float32 (M, d)"""
    text_names: tuple[str, ...]
    text_tasks: np.ndarray
    """int64 (M,): index into `tasks`; -1 for a text that all tasks share."""
    predictions_before: np.ndarray | None = None
    """int64 (N,)"""
    predictions_after: np.ndarray | None = None
    """int64 (N,); -1 where there are no prompts yet."""

    def __post_init__(self) -> None:
        n, m = len(self.before), len(self.texts_before)
        for name, wanted in {"labels": n, "task_of": n, "index": n, "after": n, "texts_after": m, "text_names": m,
                             "text_tasks": m, "predictions_before": n, "predictions_after": n}.items():  # fmt: skip
            value = getattr(self, name)
            if value is not None and len(value) != wanted:
                raise ValueError(f"{name} must have {wanted} entries. Got {len(value)} instead.")

    def __len__(self) -> int:
        return len(self.before)

    def image(self, point: int) -> ImageRef:
        return ImageRef(self.tasks[self.task_of[point]], self.split, int(self.index[point]))

    def class_name(self, point: int, label: int | None = None) -> str:
        """The true class of a point, or the class with this label in its task's list."""
        names = self.class_names[int(self.task_of[point])]
        return names[int(self.labels[point]) if label is None else label]

    def predictions(self, after: bool) -> np.ndarray | None:
        """int64 (N,) before or after prompting, none where unknown."""
        return self.predictions_after if after else self.predictions_before

    def masks(self, points: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
        """What `Selection.select` takes, from bool (N,) over the points."""
        found = {}
        for t, task in enumerate(self.tasks):
            rows = self.task_of == t
            mask = np.zeros(self.sizes[t], dtype=bool)
            mask[self.index[rows & points]] = True
            found[task, self.split] = mask
        return found

    def selected(self, selection: Selection) -> np.ndarray:
        """bool (N,): the points whose images are selected."""
        found = np.zeros(len(self), dtype=bool)
        for t, task in enumerate(self.tasks):
            rows = np.flatnonzero(self.task_of == t)
            found[rows] = selection.mask(task, self.split, self.sizes[t])[self.index[rows]]
        return found


@dataclass(frozen=True)
class Placement:
    """Where everything lies in the plane."""

    method: Method
    before: np.ndarray
    """float32 (N, 2); NaN for a point that was left out."""
    after: np.ndarray | None
    """float32 (N, 2)"""
    texts_before: np.ndarray
    """float32 (M, 2)"""
    texts_after: np.ndarray | None
    """float32 (M, 2)"""
    note: str = ""
    """What the image leaves out, in words."""


def place_pca(features: FeatureSet) -> Placement:
    """Two principal axes of the images, before and after together. Deterministic, and of a fixed sign."""
    images, moved = _centred(features.before), _after(features.after, features.before)
    axes = principal_axes(np.concatenate([x[_known(x)] for x in (images, moved) if x is not None]))  # (d, 2)
    texts, moved_texts = _centred(features.texts_before), _after(features.texts_after, features.texts_before)
    every = (images, moved, texts, moved_texts)
    before, after, texts_before, texts_after = (None if x is None else x @ axes for x in every)
    assert before is not None
    assert texts_before is not None
    return Placement("pca", before, after, texts_before, texts_after)


def place_tsne(features: FeatureSet) -> Placement:
    """t-SNE of images and texts in one plane, from 30 principal components; started from PCA, so runs agree.

    Seconds to a minute: for a background thread.
    """
    start = place_pca(features)
    before, texts_before = _tsne(features.before, features.texts_before, start.before, start.texts_before)
    after = texts_after = None
    if features.after is not None and start.after is not None:
        texts = features.texts_before if features.texts_after is None else features.texts_after
        begin = start.texts_before if start.texts_after is None else start.texts_after
        after, texts_after = _tsne(features.after, texts, start.after, begin)
    shown = min(len(features), TSNE_LIMIT)
    note = f"t-SNE of {shown:,} of {counted(len(features), 'image')}, evenly chosen" if shown < len(features) else ""
    return Placement("tsne", before, after, texts_before, texts_after, note)


def principal_axes(rows: np.ndarray, axes: int = 2) -> np.ndarray:
    """float32 (d, axes): directions of most variance of centred rows (N, d); the largest entry of each is positive."""
    sample = rows[evenly(len(rows), PCA_SAMPLE)]
    _, vectors = np.linalg.eigh(sample.T @ sample)
    found = vectors[:, ::-1][:, :axes]  # (d, axes)
    if found.shape[1] < axes:
        found = np.pad(found, ((0, 0), (0, axes - found.shape[1])))
    signs = np.sign(found[np.abs(found).argmax(0), np.arange(axes)])
    return (found * np.where(signs == 0, 1, signs)).astype(np.float32)


def evenly(n: int, limit: int) -> np.ndarray:
    """int64: at most `limit` of n indices, evenly spread, in order."""
    return np.arange(n) if n <= limit else np.linspace(0, n - 1, limit).astype(np.int64)


def inside_polygon(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """bool (N,): which points (N, 2) lie inside the closed polygon (K, 2), by the even-odd rule; NaN lies outside."""
    inside = np.zeros(len(points), dtype=bool)
    if len(polygon) < 3:
        return inside
    x, y = points[:, 0], points[:, 1]
    low, high = polygon.min(0), polygon.max(0)
    near = np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
    x, y, hit = x[near], y[near], inside[near]
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 != y1:
            hit ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    inside[near] = hit
    return inside


def _known(rows: np.ndarray) -> np.ndarray:
    """bool (N,): rows without NaN."""
    known: np.ndarray = np.isfinite(rows).all(1)
    return known


def _centred(rows: np.ndarray) -> np.ndarray:
    """Rows without their mean; those of NaN stay so."""
    return rows - rows[_known(rows)].mean(0) if _known(rows).any() else rows


def _after(after: np.ndarray | None, before: np.ndarray) -> np.ndarray | None:
    """Centred like `before`: where only some rows have an after, their middle stays where it was."""
    if after is None or not _known(after).any():
        return after
    moved: np.ndarray = _centred(after) + _centred(before)[_known(after)].mean(0)
    return moved


def _tsne(
    images: np.ndarray, texts: np.ndarray, image_start: np.ndarray, text_start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Positions (N, 2) and (M, 2); NaN where there are no features, and for images left out."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    there, words = np.flatnonzero(_known(images)), np.flatnonzero(_known(texts))
    kept = there[evenly(len(there), TSNE_LIMIT)]
    rows = np.concatenate([_centred(images)[kept], _centred(texts)[words]])  # (n + m, d)
    start = np.concatenate([image_start[kept], text_start[words]])
    if len(rows) >= 5:
        reduced = rows @ principal_axes(rows, min(30, rows.shape[1]))
        start = start / max(float(start[:, 0].std()), 1e-12) * 1e-4
        tsne = TSNE(init=start.astype(np.float32), perplexity=min(30.0, (len(rows) - 1) / 3), random_state=0)
        with threadpool_limits(1, "openmp"):  # the other cores belong to the window and to the run
            start = tsne.fit_transform(reduced)
    placed, named = (np.full((len(all_), 2), np.nan, dtype=np.float32) for all_ in (images, texts))
    placed[kept], named[words] = start[: len(kept)], start[len(kept) :]
    return placed, named
