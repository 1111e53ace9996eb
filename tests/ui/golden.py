"""Golden images: a widget is drawn at a fixed size and in a fixed font, and compared with the image in `golden/`.

Fonts are drawn a little differently by every FreeType: both images are softened first, so that an edge a pixel off
passes, and a text that is missing, another colour or a moved part does not. `MMAP_RENEW_GOLDEN=1` writes the images
anew.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QImage, QImageWriter, QRegion
from PySide6.QtWidgets import QApplication, QWidget

from mmap_studio.ui.kit import theme

FOLDER = Path(__file__).parent / "golden"
FAMILY, POINTS = "DejaVu Sans", 9
SOFT = 5
"""Pixels, the side of the square that each pixel is averaged over before two images are compared."""
MOST_MEAN = 1.0
"""Mean difference of the softened images at most, of 255."""
FAR, MOST_FAR = 28, 0.0008
"""From how much of 255 a pixel of the softened images differs, and the share of such pixels at most."""


@contextmanager
def look(
    choice: theme.Choice, hinting: QFont.HintingPreference = QFont.HintingPreference.PreferNoHinting
) -> Iterator[None]:
    """A theme, and the font of the golden images; skips where the images cannot be the same."""
    if QGuiApplication.platformName() != "offscreen":
        pytest.skip("golden images are of the offscreen platform")
    if FAMILY not in QFontDatabase.families():
        pytest.skip(f"golden images need the font {FAMILY} (Debian: fonts-dejavu-core)")
    app = QApplication.instance()
    before = app.font(), app.styleSheet(), app.palette(), theme.choice()
    font = QFont(FAMILY, POINTS)
    font.setHintingPreference(hinting)
    font.setStyleStrategy(QFont.StyleStrategy.NoSubpixelAntialias)
    app.setFont(font)
    theme.apply(choice)
    try:
        yield
    finally:
        app.setFont(before[0])
        theme.apply(before[3])
        app.setStyleSheet(before[1])
        app.setPalette(before[2])


def draw(widget: QWidget, width: int, height: int) -> QImage:
    """The widget at this size, one pixel a device-independent pixel, on the ground of the theme."""
    widget.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    widget.resize(width, height)
    widget.show()
    for _ in range(3):  # a layout may ask for another one
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
    made = QImage(width, height, QImage.Format.Format_RGB32)
    made.fill(QColor(theme.current().panel))
    QWidget.render(widget, made, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    widget.hide()
    return made


def check(made: QImage, name: str, folder: Path) -> None:
    """Fail where an image is not the golden one of this name; then it and the difference are left in `folder`."""
    golden = FOLDER / f"{name}.png"
    if os.environ.get("MMAP_RENEW_GOLDEN"):
        FOLDER.mkdir(exist_ok=True)
        _write(made, golden)
    wanted = QImage(str(golden)).convertToFormat(QImage.Format.Format_RGB32)
    why = difference(made, wanted)
    if why:
        folder = Path(os.environ.get("MMAP_SCREENSHOTS") or folder)
        _write(made, folder / f"{name}.png")
        if made.size() == wanted.size():
            apart = np.abs(pixels(made).astype(int) - pixels(wanted)).astype(np.uint8)
            height, width = apart.shape[:2]
            seen = QImage(np.ascontiguousarray(apart).data, width, height, 3 * width, QImage.Format.Format_RGB888)
            _write(seen, folder / f"{name}-difference.png")
        pytest.fail(
            f"{name} is not as in {golden}: {why}. What was drawn and the difference are in {folder}. "
            "If it should look so: MMAP_RENEW_GOLDEN=1 pytest tests/ui/test_golden.py",
            pytrace=False,
        )


def difference(made: QImage, wanted: QImage) -> str:
    """How two images differ beyond the tolerance; empty where they do not."""
    if made.size() != wanted.size():
        return f"{made.width()} x {made.height()} pixels instead of {wanted.width()} x {wanted.height()}"
    apart = np.abs(soft(pixels(made)) - soft(pixels(wanted))).max(-1)
    mean, far = float(apart.mean()), float((apart > FAR).mean())
    if mean <= MOST_MEAN and far <= MOST_FAR:
        return ""
    return f"mean difference {mean:.2f} (at most {MOST_MEAN}), {far:.2%} of pixels far off (at most {MOST_FAR:.2%})"


def pixels(image: QImage) -> np.ndarray:
    """uint8 (H, W, 3)"""
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    return np.array(plain.constBits()).reshape(plain.height(), plain.width(), 4)[..., :3]


def soft(image: np.ndarray) -> np.ndarray:
    """float (H, W, 3): every pixel the mean of the square around it."""
    padded = np.pad(image.astype(float), ((SOFT // 2,) * 2, (SOFT // 2,) * 2, (0, 0)), mode="edge")
    for axis in (0, 1):
        padded = np.lib.stride_tricks.sliding_window_view(padded, SOFT, axis).mean(-1)
    return padded


def _write(image: QImage, path: Path) -> None:
    writer = QImageWriter(str(path), b"png")
    writer.setCompression(100)
    assert writer.write(image), writer.errorString()
