"""How a difference is shown: in colour where it is more than noise, grey where it is not."""

import math

from mmap_studio.formatting import points
from mmap_studio.ui.kit import theme


def sure(difference: float | None, half: float) -> str:
    """A colour, for a difference and half its interval in points; grey where that is not known."""
    tokens = theme.current()
    if difference is None or not abs(difference) > half:
        return tokens.muted
    return tokens.good if difference > 0 else tokens.bad


def gained(difference: float, half: float) -> str:
    """Such as ``+0.8 points (±1.9: within noise)``."""
    if math.isnan(half):
        return f"{points(difference)} points"
    verdict = "more than noise" if abs(difference) > half else "within noise"
    return f"{points(difference)} points (±{half:.1f}: {verdict})"
