"""Text can be read on every ground it stands on, and the outline of a control can be seen (WCAG 2.2, AA)."""

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
