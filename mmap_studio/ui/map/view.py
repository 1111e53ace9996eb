"""The map: image features and class texts in the plane, before and after prompting."""

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from mmap_studio.formatting import counted
from mmap_studio.session.explore.projection import FeatureSet, Method, Placement, place_pca, place_tsne
from mmap_studio.session.explore.selection import Selection
from mmap_studio.ui.images.chip import SelectionChip
from mmap_studio.ui.images.thumbnails import Thumbnails
from mmap_studio.ui.kit.controls import button, check, column, combo, flow, note, row, splitter
from mmap_studio.ui.map.camera import Camera
from mmap_studio.ui.map.card import MapCard
from mmap_studio.ui.map.colours import COLOUR_BY, PointStyle, styling
from mmap_studio.ui.map.legend import MapLegend
from mmap_studio.ui.map.panel import MapPanel
from mmap_studio.ui.map.texts import describe_point, image_count, marked_texts, untrained

Background = Callable[..., object]
"""`BackgroundRunner.run`."""

PLACERS: dict[Method, Callable[[FeatureSet], Placement]] = {"pca": place_pca, "tsne": place_tsne}
TEXTS_TIP = (
    "Show the class texts: each class once, at the mean over its tasks; point at an image to see those of its task. "
    "Images and texts are centred separately, because CLIP keeps them in two separate cones."
)
LASSO_TIP = "Drag around points to select their images; when off, dragging moves. Shift+drag always selects, Ctrl adds."
BOTH, BEFORE, AFTER = "Before and after", "Before", "After"


class MapView(QWidget):
    """Two plots side by side that move together; gallery and confusion matrix share the selection."""

    def __init__(
        self,
        selection: Selection | None = None,
        thumbnails: Thumbnails | None = None,
        background: Background | None = None,
    ) -> None:
        super().__init__()
        self.setAccessibleName("Map")
        self.selection = Selection() if selection is None else selection
        self.thumbnails = Thumbnails(self) if thumbnails is None else thumbnails
        self._background = background
        self._features: FeatureSet | None = None
        self._placements: dict[Method, Placement] = {}
        self._asked: set[Method] = set()
        self._generation = 0
        self._pointed = self._text_task = -1
        self._follows = True
        self.before, self.after = MapPanel("Before prompting"), MapPanel("After prompting")
        self.panels = (self.before, self.after)
        self.legend = MapLegend()
        methods = {"PCA": "pca"} if self._background is None else {"PCA": "pca", "t-SNE": "tsne"}
        self.method = combo("Projection", "Projection of the features to two dimensions", methods)
        self.colour = combo("Colour by", "What colour and shape show", {title: by for by, title in COLOUR_BY.items()})
        panels = {title: title for title in (BOTH, BEFORE, AFTER)}
        self.which = combo("Plots", "Before prompting, after prompting, or both side by side", panels)
        self.texts = check("Class texts", TEXTS_TIP, True)
        self.lasso = button("Lasso", LASSO_TIP, checkable=True)
        self.lasso.setChecked(True)
        self.all = button("Fit", "Fit all points (0, or a double click on the ground)", "Fit all points")
        self.chip = SelectionChip(self.selection)
        self.note = note()
        self.card = MapCard(self)
        head = flow(self.method, self.colour, self.which, self.texts, None, self.chip, self.lasso, self.all)
        foot = row(self.legend, self.note)
        body = splitter(*self.panels, stretch=(0, 0), sizes=[400, 400])
        column(head, body, foot, parent=self, stretch=[body])
        self._connect()

    def show_features(self, features: FeatureSet | None) -> None:
        """Show these features; placements of older ones that are still being computed are dropped."""
        self._generation += 1
        self._features = features if features is not None and len(features) else None
        self._placements.clear()
        self._asked.clear()
        self._point(-1)
        self._place()

    @property
    def placement(self) -> Placement | None:
        """The placement that is shown; None while it is being computed."""
        return self._placements.get(self.method.currentData())

    def fit(self) -> None:
        """Fit all points, and again whenever the size changes, until the user moves or zooms."""
        self._follows = True
        placement = self.placement
        if placement is not None:
            both = [p for p in (placement.before, placement.after) if p is not None]
            seen = [panel.size() for panel in self.panels if panel.isVisibleTo(self)]
            width, height = min(size.width() for size in seen), min(size.height() for size in seen)
            title = self.before.title_height()
            self._look(Camera.fit(np.concatenate(both), width, height - title).moved(0, title / 2))

    # ---- placing

    def _place(self) -> None:
        method: Method = self.method.currentData()
        features = self._features
        if features is not None and method not in self._placements and method not in self._asked:
            self._asked.add(method)
            work = partial(PLACERS[method], features)
            if self._background is None:
                self._placed(self._generation, work())
                return
            done, failed = partial(self._placed, self._generation), partial(self._failed, self._generation, method)
            self._background(work, done, failed, interruptible=method == "tsne")
        self._show()

    def _placed(self, generation: int, placement: Placement) -> None:
        if generation != self._generation:
            return
        self._placements[placement.method] = placement
        if placement is self.placement:
            self._show()
            self.fit()

    def _failed(self, generation: int, method: Method, error: BaseException) -> None:
        if generation == self._generation:
            self._asked.discard(method)
            self.note.setText(f"{self.method.currentText()} failed: {error}")

    # ---- showing

    def _show(self) -> None:
        self.note.setText(self._status())
        for panel, after in ((self.before, False), (self.after, True)):
            self._show_points(panel, after)
        self._show_panels()
        self._restyle()
        self._show_selection()

    def _show_points(self, panel: MapPanel, after: bool) -> None:
        placement = self.placement
        points = None if placement is None else placement.after if after else placement.before
        panel.show_points(np.zeros((0, 2)) if points is None else points)
        self._show_texts(panel, after)

    def _show_texts(self, panel: MapPanel, after: bool) -> None:
        placement, features = self.placement, self._features
        texts = None if placement is None else placement.texts_after if after else placement.texts_before
        if features is None or texts is None:
            panel.mark_texts(np.zeros((0, 2)), ())
        else:
            panel.mark_texts(*marked_texts(features, texts, self._text_task))

    def _status(self) -> str:
        if self._features is None:
            return "No map yet. It comes at the end of the first run."
        if self.placement is None:
            return f"Placing {counted(len(self._features), 'image')} with {self.method.currentText()}…"
        return " · ".join(filter(None, (self.placement.note or image_count(self._features), untrained(self._features))))

    def _show_panels(self) -> None:
        trained = self._features is None or self._features.after is not None
        self.which.setEnabled(trained)
        which = self.which.currentText() if trained else BEFORE
        self.before.setVisible(which != AFTER)
        self.after.setVisible(which != BEFORE)

    def _restyle(self) -> None:
        if self._features is None or self.placement is None:
            return
        styles: tuple[PointStyle, ...] = ()
        used: set[int] = set()
        for panel, after in ((self.before, False), (self.after, True)):
            if not after or self._features.after is not None:
                look = styling(self._features, self.colour.currentData(), after)
                panel.show_styling(look)
                styles, used = look.styles, used | set(np.unique(look.of).tolist())
        self.legend.show_styles([style for n, style in enumerate(styles) if n in used])

    def _show_selection(self) -> None:
        if self._features is None or self.placement is None:
            return
        selected = self._features.selected(self.selection)
        for panel, points in ((self.before, self.placement.before), (self.after, self.placement.after)):
            if points is not None:
                panel.show_selected(selected)

    def _moved(self, camera: Camera) -> None:
        self._follows = False
        self._look(camera)

    def _look(self, camera: Camera) -> None:
        for panel in self.panels:
            panel.look(camera)

    def _point(self, point: int) -> None:
        self._pointed = point
        task = -1 if point < 0 or self._features is None else int(self._features.task_of[point])
        if task != self._text_task:
            self._text_task = task
            for panel in self.panels:
                self._show_texts(panel, panel is self.after)
        for panel in self.panels:
            panel.show_highlight(point)
        self._show_card()

    def _show_card(self) -> None:
        if self._pointed < 0 or self._features is None:
            self.card.hide()
            return
        pixmap = self.thumbnails.get(self._features.image(self._pointed))
        self.card.show_image(pixmap, describe_point(self._features, self._pointed), self._place_of(self._pointed))

    def _place_of(self, point: int) -> QPoint:
        """Where a point is in this view: in the plot under the mouse, else in the first visible one."""
        seen = [panel for panel in self.panels if panel.isVisible()] or [self.before]
        panel = next((one for one in seen if one.underMouse()), seen[0])
        x, y = np.nan_to_num(panel.on_screen()[point])
        return panel.mapTo(self, QPoint(round(x), round(y)))

    # ---- what the user does

    def _lassoed(self, points: np.ndarray, extend: bool) -> None:
        if self._features is not None:
            self.selection.select(self._features.masks(points), "lasso", extend)

    def _clicked(self, point: int, extend: bool) -> None:
        if self._features is None:
            return
        if point < 0:
            if not extend:
                self.selection.clear()
            return
        points = np.zeros(len(self._features), dtype=bool)
        points[point] = True
        self.selection.select(self._features.masks(points), "selected by hand", extend)

    def _set_lasso(self, on: bool) -> None:
        for panel in self.panels:
            panel.lasso_mode = on
            panel.setCursor(Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor)

    def _set_texts(self, on: bool) -> None:
        for panel in self.panels:
            panel.show_texts = on
            panel.update()

    def _connect(self) -> None:
        self.method.currentIndexChanged.connect(self._method_chosen)
        self.colour.currentIndexChanged.connect(self._restyle)
        self.which.currentIndexChanged.connect(self._show_panels)
        self.texts.toggled.connect(self._set_texts)
        self.lasso.toggled.connect(self._set_lasso)
        self.all.clicked.connect(self.fit)
        self.thumbnails.arrived.connect(self._show_card)
        for panel in self.panels:
            panel.camera_changed.connect(self._moved)
            panel.resized.connect(lambda: self.fit() if self._follows else None)
            panel.pointed.connect(self._point)
            panel.lassoed.connect(self._lassoed)
            panel.clicked.connect(self._clicked)
            panel.fit_wanted.connect(self.fit)
        self.destroyed.connect(self.selection.changed.listen(self._show_selection))
        self._set_lasso(True)
        self._show()

    def _method_chosen(self) -> None:
        self._place()
        self.fit()
