"""Design tokens: colours, spacing and radii of the window, for the light and the dark theme, as plain values."""

from dataclasses import dataclass

from mmap_studio.session.palette import OKABE_ITO

XS, S, M, L, XL = 4, 8, 12, 16, 24
"""Spacing, device-independent pixels; nothing in the window uses another distance."""
RADIUS_SMALL, RADIUS = 4, 6
"""Radius of the corners of controls and of panels, pixels."""
HAIR = 1
"""Width of a line, pixels."""


@dataclass(frozen=True)
class Tokens:
    name: str
    dark: bool
    ground: str
    """Behind the panels."""
    panel: str
    """Panels, menus, dialogs."""
    well: str
    """Sunken areas inside a panel: columns of the board, empty cells."""
    control: str
    """Buttons and fields at rest."""
    hover: str
    """Buttons and rows under the mouse."""
    line: str
    """Borders and rules."""
    strong_line: str
    """Borders that must be seen, a tick box, a slider, a drop target at rest; at least 3 : 1 on `panel`."""
    text: str
    muted: str
    """Secondary text; at least 4.5 : 1 on `panel`."""
    disabled: str
    accent: str
    on_accent: str
    """Text on `accent`."""
    accent_tint: str
    """Selected rows, badges."""
    good: str
    """A rise, a success; always with a sign or a word."""
    bad: str
    """A drop, a failure; always with a sign or a word."""
    warning: str
    right: str
    """Base of the diagonal of a confusion matrix."""
    wrong: str
    """Base of its other cells."""
    shadow: str
    series: tuple[str, ...]
    """Colours of tasks and groups."""
    diverging: str | tuple[str, ...]
    """From negative over zero to positive, readable for colour-blind eyes: the name of a map of pyqtgraph's, or colours
    at equal distances. Zero has the brightness of the panels: white cells glare in a dark window."""


LIGHT = Tokens(
    name="light", dark=False,
    ground="#f4f3f0", panel="#ffffff", well="#f3f2ef", control="#fbfaf8", hover="#eeedea",
    line="#e3e1dc", strong_line="#8e8b84", text="#222326", muted="#66686d", disabled="#a3a4a7",
    accent="#2b6cb0", on_accent="#ffffff", accent_tint="#e7eff8",
    good="#277a45", bad="#b3362a", warning="#8a5a00", right="#2b6cb0", wrong="#b7770d",
    shadow="#3c000000", series=OKABE_ITO, diverging="CET-CBD1",
)  # fmt: skip

DARK = Tokens(
    name="dark", dark=True,
    ground="#1b1c1f", panel="#25282c", well="#1c1e21", control="#2c2f34", hover="#34383e",
    line="#383c42", strong_line="#737982", text="#ececee", muted="#a2a5aa", disabled="#6c7076",
    accent="#6ca6e0", on_accent="#0e1620", accent_tint="#22384f",
    good="#6ac48a", bad="#f0877b", warning="#e2b05a", right="#6ca6e0", wrong="#d9a441",
    shadow="#78000000", series=("#5B7CFA", *OKABE_ITO[1:7], "#D0D0D0"),
    diverging=("#69b1ff", "#3b6fa6", "#30343a", "#94712a", "#f2bd52"),
)  # fmt: skip
