"""Any view as a figure: PNG of a chosen width, SVG and PDF as vectors, always in the light colours.

SVG and PDF get the resolution of the screen: at their own default, text and lines differ in size (QTBUG-20361).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPoint, QRect, QSizeF
from PySide6.QtGui import QColor, QImage, QImageWriter, QPageLayout, QPageSize, QPainter, QPdfWriter, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from mmap_studio.ui.kit import theme

WIDTH = 1600
"""Default width of a PNG, pixels."""
POINTS_PER_INCH = 72


def render(widget: QWidget, suffix: str, width: int = WIDTH, title: str = "") -> bytes:
    """The bytes of a figure as ".png", ".svg" or ".pdf"; ValueError for another suffix."""
    if suffix.lower() == ".png":
        return render_png(widget, width)
    makers: dict[str, Callable[[QWidget, str], bytes]] = {".svg": render_svg, ".pdf": render_pdf}
    if suffix.lower() not in makers:
        raise ValueError(f"suffix must be one of .png, .svg, .pdf. Got {suffix!r} instead.")
    return makers[suffix.lower()](widget, title)


def render_png(widget: QWidget, width: int = WIDTH) -> bytes:
    """The widget drawn again at a width in pixels, so that text and lines are sharp at any width."""
    ratio = width / max(widget.width(), 1)
    image = QImage(width, round(widget.height() * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.setDotsPerMeterX(round(image.logicalDpiX() * ratio / 0.0254))
    image.setDotsPerMeterY(round(image.logicalDpiY() * ratio / 0.0254))
    with painted_light(widget) as ground, QPainter(image) as painter:
        _paint(widget, painter, ground)
    return _written(lambda buffer: QImageWriter(buffer, QByteArray(b"png")).write(image))


def render_svg(widget: QWidget, title: str = "") -> bytes:
    """The widget as vectors, one unit per device-independent pixel."""

    def write(buffer: QBuffer) -> None:
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setTitle(title or widget.accessibleName())
        generator.setDescription("MmAP Studio")
        generator.setSize(widget.size())
        generator.setViewBox(QRect(QPoint(), widget.size()))
        generator.setResolution(widget.logicalDpiX())
        with painted_light(widget) as ground, QPainter(generator) as painter:
            _paint(widget, painter, ground)

    return _written(write)


def render_pdf(widget: QWidget, title: str = "") -> bytes:
    """The widget as one page of its own size."""

    def write(buffer: QBuffer) -> None:
        writer = QPdfWriter(buffer)
        writer.setTitle(title or widget.accessibleName())
        writer.setCreator("MmAP Studio")
        writer.setResolution(widget.logicalDpiX())
        points = QSizeF(widget.size()) * (POINTS_PER_INCH / widget.logicalDpiX())
        page = QPageSize(points, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch)
        writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF()))
        with painted_light(widget) as ground, QPainter(writer) as painter:
            _paint(widget, painter, ground)

    return _written(write)


@contextmanager
def painted_light(widget: QWidget) -> Iterator[QColor]:
    """Give a widget and all in it the light colours for the time of a drawing; yields the colour of the ground."""
    widgets = [widget, *widget.findChildren(QWidget)]
    styled = [one for one in widgets if hasattr(one, "restyle")]
    other = theme.current() is not theme.tokens("light")
    palettes = [(one, one.palette()) for one in widgets if other]
    sheet = widget.styleSheet()
    try:
        with theme.using("light") as light:
            if other:
                widget.setStyleSheet(theme.sheet(light))  # the application's has the colours of the window
            for one, _ in palettes:
                one.setPalette(theme.palette(light))
            for one in styled:
                one.restyle()
            yield QColor(light.panel)
    finally:
        if other:
            widget.setStyleSheet(sheet)
        for one, palette in palettes:
            one.setPalette(palette)
        for one in styled:
            one.restyle()


def _paint(widget: QWidget, painter: QPainter, ground: QColor) -> None:
    painter.fillRect(widget.rect(), ground)
    QWidget.render(widget, painter, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)


def _written(write: Callable[[QBuffer], object]) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    write(buffer)
    buffer.close()
    return bytes(data.data())
