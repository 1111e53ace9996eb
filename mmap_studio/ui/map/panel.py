"""One of the map's two plots, before or after prompting: points, class texts and the lasso."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QMargins, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from mmap_studio.session.explore.projection import inside_polygon
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.painting import rounded, write
from mmap_studio.ui.kit.shortened import shortened
from mmap_studio.ui.map.camera import Camera, nearest_point
from mmap_studio.ui.map.colours import Styling
from mmap_studio.ui.map.points import PointPainter

REACH = 10.0
"""Pixels within which the mouse is at a point."""
MARGIN = 6
"""Pixels around a class text."""
TITLE_PLACE = QPoint(8, 6)
"""Of the title, from the corner, pixels."""
FADED = 0.18
"""Opacity of points beside a selection."""
_ARROWS = {Qt.Key.Key_Left: (40, 0), Qt.Key.Key_Right: (-40, 0), Qt.Key.Key_Up: (0, 40), Qt.Key.Key_Down: (0, -40)}


class MapPanel(QWidget):
    """Draws what it is given, and tells what the user does."""

    camera_changed = Signal(object)
    """The `Camera` after the user moved or zoomed."""
    pointed = Signal(int)
    """Point under the mouse; -1 for none."""
    lassoed = Signal(object, bool)
    """Points inside the lasso, bool (N,), and whether to add them to the selection."""
    clicked = Signal(int, bool)
    """The clicked point (-1 for none), and whether to add it to the selection."""
    resized = Signal()
    fit_wanted = Signal()
    """The key 0 was pressed, or no point was double-clicked."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self.camera = Camera()
        self.lasso_mode = False
        self.show_texts = True
        self.highlight = -1
        """The point with a ring: it is under the mouse here or in the other plot; -1 for none."""
        self._points, self._texts = np.zeros((0, 2)), np.zeros((0, 2))
        self._names: tuple[str, ...] = ()
        self.painted = PointPainter()
        self._selected = np.zeros(0, dtype=bool)
        self._screen: np.ndarray | None = None
        self._lasso: list[QPointF] = []
        self._grabbed: QPointF | None = None
        self._travel = 0.0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 72)
        self.setAccessibleName(f"Map of image features {title.lower()}")
        self.setToolTip("")
        theme.changed.connect(self.restyle)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(360, 300)

    def mark_texts(self, texts: np.ndarray, names: Sequence[str]) -> None:
        """Set places, float (M, 2), and names of the class texts; NaN is not drawn."""
        self._texts, self._names = texts, tuple(names)
        self.update()

    def show_points(self, points: np.ndarray) -> None:
        """Set the points of the images, float (N, 2); NaN is not drawn."""
        self._points = points
        self._selected = np.zeros(len(points), dtype=bool)
        self.highlight = -1
        self._moved()

    def show_styling(self, styling: Styling) -> None:
        self.painted.show(styling)
        self.update()

    def restyle(self) -> None:
        self.painted.restyle()
        self.update()

    def show_selected(self, selected: np.ndarray) -> None:
        """Fade all points but the selected ones, bool (N,); without a selection, none."""
        self._selected = selected
        self.update()

    def show_highlight(self, point: int) -> None:
        """Ring a point; -1 for none."""
        if point != self.highlight:
            self.highlight = point
            self.update()

    def look(self, camera: Camera) -> None:
        self.camera = camera
        self._moved()

    def on_screen(self) -> np.ndarray:
        """float64 (N, 2): places of the points on the widget, pixels."""
        if self._screen is None:
            self._screen = self.camera.to_screen(self._points, self.width(), self.height())
        return self._screen

    def title_height(self) -> int:
        """Pixels at the top that the title covers."""
        return self.fontMetrics().height() + 2 * TITLE_PLACE.y()

    # ---- drawing

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setClipRect(self.rect())
            self._draw_points(painter)
            if self.show_texts:
                self._draw_texts(painter)
            self._draw_overlays(painter)

    def _draw_points(self, painter: QPainter) -> None:
        if len(self.painted.styling.of) != len(self._points):
            return
        screen, chosen = self.on_screen(), self._selected
        seen = (screen > -8).all(1) & (screen < (self.width() + 8, self.height() + 8)).all(1)
        layers = [(~chosen, FADED), (chosen, 1.0)] if chosen.any() else [(~chosen, 0.85)]
        for mask, strength in layers:
            painter.setOpacity(strength)
            self.painted.draw(painter, screen, mask & seen)
        painter.setOpacity(1.0)

    def _draw_texts(self, painter: QPainter) -> None:
        tokens, metrics = theme.current(), self.fontMetrics()
        taken: list[QRectF] = []
        halo = QColor(tokens.panel)
        halo.setAlphaF(0.78)
        for (x, y), name in zip(
            self.camera.to_screen(self._texts, self.width(), self.height()), self._names, strict=True
        ):
            if not np.isfinite(x):
                continue
            painter.setPen(QPen(QColor(tokens.text), 1.4))
            painter.drawLine(QPointF(x - 3.5, y), QPointF(x + 3.5, y))
            painter.drawLine(QPointF(x, y - 3.5), QPointF(x, y + 3.5))
            room = max(self.width() - x, x) - 6 - MARGIN  # on the wider side
            shown = shortened(name, self.font(), room, self._names)
            box = QRectF(x + 6, y - metrics.height() / 2, metrics.horizontalAdvance(shown) + MARGIN, metrics.height())
            if box.right() > self.width():
                box.moveRight(x - 6)
            if any(box.intersects(other) for other in taken):
                continue
            taken.append(box)
            rounded(painter, box, 3, halo)
            write(painter, box, shown, tokens.text, where=Qt.AlignmentFlag.AlignCenter)

    def _draw_overlays(self, painter: QPainter) -> None:
        tokens = theme.current()
        place = self.rect().marginsRemoved(QMargins(*TITLE_PLACE.toTuple(), *TITLE_PLACE.toTuple()))
        corner = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        box = painter.boundingRect(place, corner, self.title)
        rounded(painter, box.adjusted(-4, -2, 4, 2), 3, tokens.panel)  # no point shows through the text
        write(painter, place, self.title, tokens.muted, where=corner)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if 0 <= self.highlight < len(self._points) and np.isfinite(self.on_screen()[self.highlight]).all():
            painter.setPen(QPen(QColor(tokens.text), 2))
            painter.drawEllipse(QPointF(*self.on_screen()[self.highlight]), 7, 7)
        if self._lasso:
            fill = QColor(tokens.accent)
            painter.setPen(QPen(fill, 1.5, Qt.PenStyle.DashLine))
            fill.setAlphaF(0.12)
            painter.setBrush(fill)
            painter.drawPolygon(QPolygonF(self._lasso))
        if self.hasFocus():
            rounded(painter, self.rect(), 4, line=tokens.accent)

    # ---- what the user does

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self._moved()
        self.resized.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        self._zoom(1.0015 ** event.angleDelta().y(), event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton:
            self._grabbed, self._travel = event.position(), 0.0
            shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._lasso = [event.position()] if self.lasso_mode or shifted else []

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        at = event.position()
        if self._grabbed is None:
            self.pointed.emit(self.point_at(at.toPoint()))
            return
        step = at - self._grabbed
        self._travel += abs(step.x()) + abs(step.y())
        self._grabbed = at
        if self._lasso:
            self._lasso.append(at)
            self.update()
        else:
            self._look_and_tell(self.camera.moved(step.x(), step.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._grabbed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        lasso, self._lasso, self._grabbed = self._lasso, [], None
        add = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if self._travel < 4:
            self.clicked.emit(self.point_at(event.position().toPoint()), add)
        elif lasso:
            around = np.array([(p.x(), p.y()) for p in lasso])
            self.lassoed.emit(inside_polygon(self.on_screen(), around), add)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self.point_at(event.position().toPoint()) < 0:
            self.fit_wanted.emit()

    def leaveEvent(self, event: object) -> None:  # noqa: N802
        self.pointed.emit(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = Qt.Key(event.key())
        if key in _ARROWS:
            self._look_and_tell(self.camera.moved(*_ARROWS[key]))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._zoom(0.8 if key == Qt.Key.Key_Minus else 1.25, QPointF(self.width() / 2, self.height() / 2))
        elif key == Qt.Key.Key_0:
            self.fit_wanted.emit()
        elif key == Qt.Key.Key_Escape and self._lasso:
            self._lasso, self._grabbed = [], None
            self.update()
        else:
            super().keyPressEvent(event)

    def point_at(self, at: QPoint) -> int:
        """The point at a place of the widget; -1 for none."""
        return nearest_point(self.on_screen(), at.x(), at.y(), REACH)

    def _zoom(self, factor: float, at: QPointF) -> None:
        self._look_and_tell(self.camera.zoomed(factor, at.x() - self.width() / 2, at.y() - self.height() / 2))

    def _look_and_tell(self, camera: Camera) -> None:
        self.look(camera)
        self.camera_changed.emit(camera)

    def _moved(self) -> None:
        self._screen = None
        self.update()
