"""The gallery: the images of a task, of all tasks or of the selection, with truth and prediction."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QWidget

from mmap_studio.method.task import SPLITS, TaskSpec
from mmap_studio.session.explore.selection import ImageRef, Selection
from mmap_studio.session.gallery.finding import Found
from mmap_studio.session.gallery.tags import Tags, names_of
from mmap_studio.ui.images.chip import SelectionChip
from mmap_studio.ui.images.filter import BANDS, SORT, WHICH, Filter
from mmap_studio.ui.images.grid import GalleryGrid
from mmap_studio.ui.images.items import EVALUATED, VALIDATED, Items, SplitImages, Validated
from mmap_studio.ui.images.menu import ImageCommands, image_menu
from mmap_studio.ui.images.preview import Preview
from mmap_studio.ui.images.search_bar import FoundChip, SearchLine
from mmap_studio.ui.images.thumbnails import Thumbnails
from mmap_studio.ui.kit.controls import button, choose, column, combo, flow, note, refill, slider, splitter

if TYPE_CHECKING:
    from mmap_studio.method.evaluation import Evaluation

PREVIEW_WIDTH = 170
"""Least width of the preview, pixels."""
ALL_TASKS, ALL_CLASSES, ANY_TAG = "All tasks", "All classes", "Any tag"


class GalleryView(QWidget):
    """Filters above, grid and preview below. A selection made in another view is shown at once."""

    opened = Signal(object)
    """An image (`ImageRef`) is to be opened in the viewer."""
    search_wanted = Signal(object)
    """A text (str) to look for, empty for nothing, or an image (`ImageRef`) to find similar ones of."""
    tags_wanted = Signal(object)
    """Images (list of `ImageRef`) that are to get a tag."""
    tag_changed = Signal(object, str, bool)
    """Images that get a tag, or lose it."""
    tasks_shown = Signal()
    """Other images are shown: what is being looked for is of the old ones."""

    def __init__(self, selection: Selection) -> None:
        super().__init__()
        self.setAccessibleName("Images")
        self.selection, self.thumbnails = selection, Thumbnails(self)
        self._tasks: dict[str, TaskSpec] = {}
        self._results: dict[str, Mapping[str, Evaluation]] = {}
        self._marking = False
        self._found: Found | None = None
        self._tags = Tags()
        self._validated: dict[str, Validated] = {}
        self._epochs: dict[str, int] = {}
        """Of tasks in training: what the last epoch predicts of their validation images, and which epoch that is."""
        self._names: dict[tuple[str, str], list[str]] = {}
        """Of images of a task and split, how tags know them; as far as they were needed."""
        self.search, self.found_chip = SearchLine(), FoundChip()
        self.tag = combo("Tag", "Show only images with this tag")
        self.grid, self.preview = GalleryGrid(self.thumbnails, self.selection), Preview()
        self.task = combo("Task", "Task whose images are shown")
        self.split = combo("Split", "Split whose images are shown", {name.capitalize(): name for name in SPLITS})
        self.method = combo("Method", "Method whose predictions are shown; test images only", yields=True)
        self.which = combo("Which images", "All images, or only some", {title: key for key, title in WHICH.items()})
        self.label = combo("True class", "Show only this true class")
        self.band = combo("Confidence", "Show only predictions of this confidence", {title: title for title in BANDS})
        self.sort = combo("Order", "Order of the images", {title: key for key, title in SORT.items()})
        choose(self.split, "test")
        self.side = slider("Size of the images", "Size of the images", 40, 160, 72, 90)
        self.chip = SelectionChip(self.selection)
        self.choose_all = button("Select shown", "Select all images shown, in the map and the confusion matrix too")
        self.count, self.empty = note(), note(centred=True)
        first = flow(self.search, self.task, self.split, self.method, self.which, None, self.count, self.side)
        second = flow(self.found_chip, self.label, self.band, self.tag, self.sort, self.chip, None, self.choose_all)
        left = QWidget()
        column(self.grid, self.empty, parent=left, stretch=[self.grid, self.empty])
        self.preview.setMinimumWidth(PREVIEW_WIDTH)
        body = splitter(left, self.preview, stretch=(1, 0), sizes=[640, 210])
        column(first, second, body, parent=self, stretch=[body])
        self.task.currentIndexChanged.connect(self._show_classes)
        for box in (self.split, self.method, self.which, self.label, self.band, self.tag, self.sort):
            box.currentIndexChanged.connect(self._refresh)
        self.side.valueChanged.connect(self.grid.set_side)
        self.choose_all.clicked.connect(lambda: self._select(self.grid.grid.items.masks(), "all shown"))
        self.grid.marked.connect(self._mark)
        self.grid.opened.connect(lambda place: self.opened.emit(self.grid.grid.items.image(place)))
        self.grid.pointed.connect(self._preview)
        self.grid.similar_wanted.connect(lambda place: self.search_wanted.emit(self.grid.grid.items.image(place)))
        self.grid.tag_wanted.connect(lambda place: self.tags_wanted.emit(self._meant(place)))
        self.grid.menu_wanted.connect(self._menu)
        self.grid.left.connect(self._leave_search)
        self.search.wanted.connect(lambda text: self.search_wanted.emit(text))
        self.search.left.connect(self._leave_search)
        self.found_chip.clicked.connect(self._leave_search)
        self.method.hide()
        self.tag.hide()
        self.destroyed.connect(self.selection.changed.listen(self._selection_changed))
        self._refresh()

    def show_tasks(self, tasks: Sequence[TaskSpec]) -> None:
        self._tasks = {task.name: task for task in tasks}
        self._names.clear()
        self._validated.clear()
        self._found = None  # of images that may be others now
        self.tasks_shown.emit()
        self.found_chip.show_found(None)
        self.sort.show()
        self.thumbnails.show_tasks(tasks)
        several = {ALL_TASKS: None} if len(tasks) > 1 else {}
        refill(self.task, {**several, **{name: name for name in self._tasks}}, None)
        self._show_classes()

    def show_results(
        self, results: Mapping[str, Mapping[str, "Evaluation"]], titles: Mapping[str, str] | None = None
    ) -> None:
        """Set the test evaluations by method and task; the chosen method stays chosen, else the last one is."""
        self._results = dict(results)
        named = {(titles or {}).get(m, m.replace("_", " ").capitalize()): m for m in results}
        refill(self.method, named, next(reversed(self._results), None))
        self.method.setVisible(bool(named))
        self._refresh()

    def show_validated(self, validated: Mapping[str, Validated], epoch: int) -> None:
        """Set what the last epoch of a training predicts of the validation images of these tasks."""
        self._validated |= validated
        self._epochs |= dict.fromkeys(validated, epoch)
        if self.split.currentData() == VALIDATED and self.task.currentData() in (None, *validated):
            self._refresh()

    def show_found(self, found: Found | None) -> None:
        """Show the nearest images of a search first, or without one all again."""
        self._found = found
        self.found_chip.show_found(found)
        self.sort.setVisible(found is None)
        self._refresh()
        if found is not None and len(self.grid.grid.items):
            self.grid.go(0)
            self.grid.setFocus()

    def show_search(self, what: str) -> None:
        """Say that something is being looked for."""
        self.found_chip.show_found(None, what)

    def show_tags(self, tags: Tags) -> None:
        """Set the tags of the images."""
        self._tags = tags
        refill(self.tag, {ANY_TAG: None, **{f"{name} ({tags.count(name):,})": name for name in tags.names}}, None)
        self.tag.setVisible(bool(tags.names))
        self._refresh()
        self._preview(self.grid.place())

    def names_of(self, images: Sequence[ImageRef]) -> list[str]:
        """How tags know these images."""
        return [self._names_in(image.task, image.split)[image.index] for image in images]

    def by_task(self, images: Sequence[ImageRef]) -> dict[str, set[str]]:
        """The same, by task."""
        found: dict[str, set[str]] = {}
        for image, name in zip(images, self.names_of(images), strict=True):
            found.setdefault(image.task, set()).add(name)
        return found

    def open(self, task: str, method: str | None = None, which: str = "all") -> None:
        """Show the test images of a task with the predictions of a method."""
        for box, value in ((self.split, EVALUATED), (self.task, task), (self.method, method), (self.which, which)):
            choose(box, value)

    def filter(self) -> Filter:
        label = self.label.currentData() if self.task.currentData() else None
        return Filter(self.which.currentData(), label, BANDS[self.band.currentText()], self.sort.currentData())

    def _refresh(self) -> None:
        chosen, split = self.task.currentData(), self.split.currentData()
        tasks = [self._tasks[chosen]] if chosen in self._tasks else list(self._tasks.values())
        results = self._results.get(self.method.currentData(), {})
        known = self._validated.get
        splits = [SplitImages.of(task, split, results.get(task.name), known(task.name)) for task in tasks]
        items = Items.of(splits, self.filter(), self.selection, self._found, self._tagged(tasks, split))
        self.grid.show_items(items)
        epochs = {self._epochs[one.task.name] for one in splits if split == VALIDATED and known(one.task.name)}
        live = f" · epoch {max(epochs)}" if epochs else ""
        self.count.setText(f"{len(items):,} of {sum(len(one.predictions.labels) for one in splits):,}{live}")
        self.empty.setVisible(not len(items))
        self.empty.setText(_why_unfound(self._found, splits) or _why_empty(self.filter(), splits))
        self.grid.setVisible(bool(len(items)))
        self.choose_all.setEnabled(bool(len(items)))

    def _tagged(self, tasks: Sequence[TaskSpec], split: str) -> dict[tuple[str, str], np.ndarray] | None:
        """Which images have the chosen tag; None where none is chosen."""
        tag = self.tag.currentData()
        if tag is None:
            return None
        own = {task.name: self._tags.of.get(tag, {}).get(task.name, frozenset()) for task in tasks}
        return {
            (task, split): np.array([name in names for name in self._names_in(task, split)], dtype=bool)
            for task, names in own.items()
            if names
        }

    def _names_in(self, task: str, split: str) -> list[str]:
        if (task, split) not in self._names:
            self._names[task, split] = names_of(self._tasks[task], split)
        return self._names[task, split]

    def _preview(self, place: int) -> None:
        """The current image beside the grid, with its tags where the project has any."""
        items, tags = self.grid.grid.items, ""
        if 0 <= place < len(items) and self._tags.names:
            image = items.image(place)
            tags = ", ".join(self._tags.on(image.task, self.names_of([image]))[0]) or "none"
        self.preview.show_place(items, place, tags)

    def _meant(self, place: int) -> list[ImageRef]:
        """The images that a tag is for: the selected ones, if the one at a place is among them."""
        image = self.grid.grid.items.image(place)
        return list(self.selection) if image in self.selection else [image]

    def _menu(self, place: int, at: QPoint) -> None:
        image, meant = self.grid.grid.items.image(place), self._meant(place)
        names = self.by_task(meant) if self._tags.names else {}
        image_menu(self, at, len(meant), self._tags.shared(names), ImageCommands(
            open=lambda: self.opened.emit(image),
            similar=lambda: self.search_wanted.emit(image),
            new_tag=lambda: self.tags_wanted.emit(meant),
            tag=lambda tag, on: self.tag_changed.emit(meant, tag, on),
        ))  # fmt: skip

    def _leave_search(self) -> None:
        """Show all images again; the keyboard goes to them."""
        if self.search.text():
            self.search.clear()  # which says that nothing is looked for
        else:
            self.search_wanted.emit("")
        self.grid.setFocus()

    def _show_classes(self) -> None:
        task = self._tasks.get(self.task.currentData() or "")
        classes = {name: place for place, name in enumerate(task.class_names)} if task else {}
        refill(self.label, {ALL_CLASSES: None, **classes}, None)
        self.label.setEnabled(bool(classes))
        self._refresh()

    def _selection_changed(self) -> None:
        self.grid.viewport().update()
        if self._marking:
            return
        if len(self.selection):
            self._show_selection()
        elif self.which.currentData() == "selected":
            choose(self.which, "all")
        self._refresh()

    def _show_selection(self) -> None:
        """Show the selected images of the one task that they are of, or of all tasks."""
        places = self.selection.places
        task = places[0][0] if len(places) == 1 else None
        for box, value in ((self.split, places[0][1]), (self.task, task), (self.label, None), (self.which, "selected")):
            choose(box, value, 0)

    def _mark(self, places: Sequence[int]) -> None:
        """Select these images; if all of them are selected, deselect them."""
        items, wanted = self.grid.grid.items, np.array(places, dtype=np.int64)
        on = not all(items.image(place) in self.selection for place in places)
        masks = {}
        for (task, split), mask in items.masks(wanted).items():
            before = self.selection.mask(task, split, len(mask))
            masks[task, split] = before | mask if on else before & ~mask
        sizes = {p: len(self._tasks[p[0]].split(p[1]).labels) for p in self.selection.places if p not in masks}
        others = {place: self.selection.mask(*place, size) for place, size in sizes.items()}
        self._select({**others, **masks}, "selected by hand")

    def _select(self, masks: Mapping[tuple[str, str], np.ndarray], label: str) -> None:
        self._marking = True
        try:
            self.selection.select(masks, label)
        finally:
            self._marking = False


def _why_unfound(found: Found | None, splits: Sequence[SplitImages]) -> str:
    """Why a search shows nothing; empty where that is not the search's doing."""
    places = {(one.task.name, one.split) for one in splits}
    if found is None or places & set(found.scores):
        return ""
    split = next(iter(places))[1] if places else ""
    return (
        f"The {split} images have no features yet, so they were not searched for {found.asked}; choose another split."
    )


def _why_empty(filter_: Filter, splits: Sequence[SplitImages]) -> str:
    if not splits:
        return "No images yet. They come when the tasks are read; a project without tasks needs a folder of images."
    needs = filter_.which in ("wrong", "right") or filter_.confidence is not None
    if needs and all(one.predictions.predictions is None for one in splits):
        return "No predictions for these images yet. Run the project; in a training, validation images have some too."
    return "No images match these filters."
