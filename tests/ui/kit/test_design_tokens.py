"""Text can be read on every ground it stands on, and the outline of a control can be seen (WCAG 2.2, AA)."""

from itertools import combinations

import numpy as np
import pytest

from mmap_studio.ui.kit.design_tokens import DARK, LIGHT, Tokens

GROUNDS = ("panel", "ground", "well", "control", "hover", "accent_tint")


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_outlines_stand_out(tokens: Tokens):
    for text in ("text", "muted", "accent", "good", "bad", "warning"):
        for ground in GROUNDS:
            assert contrast(getattr(tokens, text), getattr(tokens, ground)) >= 4.5, (text, ground)
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    for outline in ("strong_line", "accent"):
        for ground in ("panel", "ground", "well"):
            assert contrast(getattr(tokens, outline), getattr(tokens, ground)) >= 3, (outline, ground)


SEEN = {
    "by most": np.eye(3),
    "without red cones": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "without green cones": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
}
"""Linear RGB as it is seen (Machado, Oliveira and Fernandes 2009, severity 1)."""


def lab(colour: str, seen: np.ndarray) -> np.ndarray:
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.clip(seen @ np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    white = to_xyz @ linear / (0.9505, 1.0, 1.089)
    x, y, z = np.where(white > 0.008856, np.cbrt(white), 7.787 * white + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_no_two_tasks_are_of_nearly_the_same_colour(tokens: Tokens, seen: str):
    places = [lab(colour, SEEN[seen]) for colour in tokens.series]
    apart = [float(np.linalg.norm(one - other)) for one, other in combinations(places, 2)]
    assert min(apart) > 16  # of CIELAB; 2 is just seen side by side


def test_cells_of_zero_do_not_glare_in_the_dark():
    assert not isinstance(DARK.diverging, str)
    ends, zero = (DARK.diverging[0], DARK.diverging[-1]), DARK.diverging[len(DARK.diverging) // 2]
    assert contrast(zero, DARK.panel) < 1.3
    assert all(contrast(end, zero) > 4 for end in ends)
