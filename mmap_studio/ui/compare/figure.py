"""A figure of the report in the window: drawn in another thread for the size there is, in the colours of the theme."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from mmap_studio.formatting import printable
from mmap_studio.session.compare.plots import Plot
from mmap_studio.session.compare.svg import image
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import described

Run = Callable[..., Callable[[], None]]
"""As `BackgroundRunner.run`."""
INCH = 96
"""Device-independent pixels."""
SMALLEST, LOWEST, WIDEST = 0.72, 0.45, 1.6
"""Least share of a text's size in a narrow view, of a figure's height in a low one, and most of its width in a wide."""
UPRIGHT = 0.7
"""Share of a figure's height that an upright label may take in one line: its axis is not the whole height."""
SETTLE_MS = 120
"""Wait for the end of a change of size."""
LEAST = 72
"""Pixels of the height in a low window."""
TIP = "Arrows go to the next plot; Ctrl+C copies the image"


class FigureView(QScrollArea):
    """Shows one plot, whole in its width; what does not fit into its height is scrolled."""

    turned = Signal(int)
    """An arrow key: the next plot, or the one before."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run, self._key = run, ""
        self._plot: Plot | None = None
        self._drawn: tuple[object, ...] = ()
        """Plot, size and colours of the image."""
        self._drawing = False
        self.picture = _Picture()
        self.setWidget(self.picture)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        described(self, "Plot", TIP)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._draw)
        theme.changed.connect(self._later)

    @property
    def pending(self) -> bool:
        """Whether another image comes."""
        return self._drawing or self._settle.isActive()

    def show_plot(self, plot: Plot | None, key: str, words: str) -> None:
        """Show a plot; `key` names what it is of, so that it is drawn once, `words` says it without colours."""
        self._plot, self._key = plot, key
        self.setAccessibleName(printable(plot.title) if plot is not None else "Plot")
        self.setAccessibleDescription(words)
        if plot is None:
            self._drawn = ()
            self.picture.show_image(QImage())
        else:
            self._draw()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(0, LEAST)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(2 * LEAST, LEAST)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.picture.fit(self.viewport().size())
        self._later()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.turned.emit(step)

    def _room(self) -> QSize:
        """What a plot is drawn for: beside a scroll bar, whether there is one or not, or one would bring the other."""
        return QSize(self.width() - self.verticalScrollBar().sizeHint().width(), self.height())

    def _later(self) -> None:
        if self._plot is not None:
            self._settle.start()

    def _draw(self) -> None:
        """Draw for the size there is, unless that is drawn already or being drawn."""
        self._settle.stop()
        plot, room, ratio = self._plot, self._room(), self.devicePixelRatioF()
        wanted = self._key, plot and plot.name, room.width(), room.height(), ratio, theme.current().name
        if plot is None or self._drawing or wanted == self._drawn or not room.width() > 1:
            return
        self._drawing = True

        def done(png: bytes) -> None:
            self._drawing, self._drawn = False, wanted
            made = QImage.fromData(png)
            made.setDevicePixelRatio(ratio)
            if self._plot is not None:
                self.picture.show_image(made)
                self.picture.fit(self.viewport().size())
                self._draw()  # another may be wanted since

        def failed(error: BaseException) -> None:
            self._drawing, self._drawn = False, wanted
            self.picture.show_image(QImage(), f"The plot could not be drawn: {type(error).__name__}: {error}")

        self._run(lambda: rendered(plot, room.width(), room.height(), ratio), done, failed)


def rendered(plot: Plot, width: int, height: int, ratio: float) -> bytes:
    """PNG of a plot, as wide as so many device-independent pixels and as high, or higher where it needs that."""
    figure: Any = plot.draw()
    natural, needs = figure.get_size_inches()
    scale = min(1.0, max(SMALLEST, width / (INCH * natural)))
    across = min(width / (INCH * scale), WIDEST * natural)
    figure.set_size_inches(across, max(height / (INCH * scale), LOWEST * needs))
    break_upright(figure)
    return image(figure, "png", dpi=INCH * scale * ratio)


def break_upright(figure: Any) -> None:
    """Put upright labels that would leave a low figure into two lines."""
    for label in [*figure.texts, *(one.yaxis.label for one in figure.axes)]:
        words = label.get_text()
        if label.get_rotation() == 90 and label.get_window_extent().height > UPRIGHT * figure.bbox.height:
            spaces = [at for at, sign in enumerate(words) if sign == " "]
            at = min(spaces, key=lambda at: abs(at - len(words) / 2), default=len(words))
            label.set_text(f"{words[:at]}\n{words[at + 1 :]}".strip())


class _Picture(QWidget):
    """The image, or a sentence in place of it."""

    def __init__(self) -> None:
        super().__init__()
        self.image, self.sentence = QImage(), ""

    def show_image(self, made: QImage, sentence: str = "") -> None:
        self.image, self.sentence = made, sentence
        self.update()

    def fit(self, room: QSize) -> None:
        """As wide as the room; as high, or as the image is."""
        self.resize(room.width(), max(room.height(), round(self.image.height() / self.image.devicePixelRatio())))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        with QPainter(self) as painter:
            if self.image.isNull():
                painter.setPen(theme.current().muted)
                where = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(self.rect().adjusted(theme.L, 0, -theme.L, 0), int(where), self.sentence)
                return
            size = self.image.deviceIndependentSize()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            shown = min(1.0, self.width() / size.width())  # until it is drawn again for a narrower room
            width, height = size.width() * shown, size.height() * shown
            painter.drawImage(QRectF((self.width() - width) / 2, 0, width, height), self.image)
