"""The theme: design tokens in force, palette and style sheet made of them, and a signal when they change.

Views read `current()` when they paint and repaint on `changed`. "system" follows the desktop while the app runs. The
palette is ours on every platform, because a platform may ignore `setColorScheme` (offscreen does).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from mmap_studio.resources import resource
from mmap_studio.ui.kit import design_tokens
from mmap_studio.ui.kit.design_tokens import HAIR, RADIUS, RADIUS_SMALL, XL, XS, L, M, S, Tokens
from mmap_studio.ui.kit.stylesheet import style_sheet

__all__ = ["HAIR", "RADIUS", "RADIUS_SMALL", "XL", "XS", "Choice", "L", "M", "S", "Tokens", "apply", "changed",
           "choice", "current", "font", "palette", "sheet", "tokens", "using"]  # fmt: skip

Choice = Literal["system", "light", "dark"]


class _Keeper(QObject):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice: Choice = "system"
        self.tokens: Tokens = design_tokens.LIGHT
        self.following = False

    def follow(self) -> None:
        if self.choice == "system":
            _put_on(_of_system())


_keeper = _Keeper()
changed = _keeper.changed
"""Emitted after the tokens changed and palette and style sheet are in force."""


def current() -> Tokens:
    return _keeper.tokens


def choice() -> Choice:
    return _keeper.choice


def tokens(name: Choice) -> Tokens:
    """The tokens that a choice means now."""
    return {"light": design_tokens.LIGHT, "dark": design_tokens.DARK, "system": _of_system()}[name]


def choose(name: Choice) -> None:
    """Choose a theme for widgets that are built next; `apply` also changes those that exist."""
    _keeper.choice = name
    if not _keeper.following:
        QGuiApplication.styleHints().colorSchemeChanged.connect(_keeper.follow)
        _keeper.following = True
    _keeper.tokens = tokens(name)


def apply(name: Choice) -> None:
    choose(name)
    _put_on(current())


@contextmanager
def using(name: Choice) -> Iterator[Tokens]:
    """Tokens of another theme for what is painted inside, such as a figure in light colours; nothing is signalled."""
    before = _keeper.tokens
    _keeper.tokens = tokens(name)
    try:
        yield _keeper.tokens
    finally:
        _keeper.tokens = before


def _of_system() -> Tokens:
    dark = QGuiApplication.instance() and QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return design_tokens.DARK if dark else design_tokens.LIGHT


def _put_on(these: Tokens) -> None:
    _keeper.tokens = these
    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.setPalette(palette(these))
        app.setStyleSheet(sheet(these))
    changed.emit()


def sheet(these: Tokens) -> str:
    """The style sheet of these tokens, in the application's font."""
    images = (resource(f"icons/{name}-{these.name}.svg").as_posix() for name in ("arrow", "check", "dash"))
    return style_sheet(these, QApplication.font().pointSizeF(), *images)


def font(scale: float = 1.0, bold: bool = False) -> QFont:
    """The system's font, `scale` times its size, with digits of equal width."""
    return QFont(_font(QApplication.font().key(), scale, bold))


@lru_cache(maxsize=64)
def _font(_: str, scale: float, bold: bool) -> QFont:
    """The first is the application's font, as `QFont.key` names it."""
    made = QFont(QApplication.font())
    made.setPointSizeF(made.pointSizeF() * scale)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def palette(these: Tokens) -> QPalette:
    """These colours as a palette, for everything that a style sheet does not reach."""
    roles = QPalette.ColorRole
    made = QPalette()
    for role, colour in {
        roles.Window: these.ground, roles.Base: these.panel, roles.AlternateBase: these.well,
        roles.Button: these.control, roles.WindowText: these.text, roles.Text: these.text,
        roles.ButtonText: these.text, roles.BrightText: these.on_accent, roles.PlaceholderText: these.muted,
        roles.Highlight: these.accent, roles.HighlightedText: these.on_accent, roles.Link: these.accent,
        roles.LinkVisited: these.accent, roles.ToolTipBase: these.panel, roles.ToolTipText: these.text,
        roles.Light: these.panel, roles.Midlight: these.hover, roles.Mid: these.line, roles.Dark: these.strong_line,
        roles.Shadow: these.strong_line, roles.Accent: these.accent,
    }.items():  # fmt: skip
        made.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(these.disabled))
    return made
