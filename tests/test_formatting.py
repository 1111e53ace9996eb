"""Numbers as users read them, at the edges between two units above all."""

import math

import pytest

from mmap_studio import formatting
from mmap_studio.formatting import counted, duration, fixed, number, percent, points, short_count, size, time_left

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "took", "left"),
    [
        (0, "0.0 s", "0 s"),
        (0.44, "0.4 s", "0 s"),
        (9.94, "9.9 s", "10 s"),
        (9.96, "10 s", "10 s"),
        (12.4, "12 s", "12 s"),
        (59.4, "59 s", "59 s"),
        (59.6, "1 min 00 s", "1 min 00 s"),
        (185, "3 min 05 s", "3 min 05 s"),
        (59 * MINUTE + 59.4, "59 min 59 s", "59 min 59 s"),
        (59 * MINUTE + 59.9, "1 h 00 min", "1 h 00 min"),
        (2 * HOUR + 10 * MINUTE, "2 h 10 min", "2 h 10 min"),
        (2 * HOUR - 1, "2 h 00 min", "2 h 00 min"),
        (DAY - 31, "23 h 59 min", "23 h 59 min"),
        (DAY - 1, "1 d 00 h", "1 d 00 h"),
        (DAY + 6 * HOUR, "1 d 06 h", "1 d 06 h"),
        (-3, "0 s", "0 s"),
        (math.nan, "–", "–"),
        (math.inf, "–", "–"),
        (None, "–", "–"),
    ],
)
def test_durations(seconds, took, left):
    assert (duration(seconds), time_left(seconds)) == (took, left)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (99_960, "100 kB"),
        (999_400, "999 kB"),
        (999_600, "1.0 MB"),
        (949e6, "949 MB"),
        (1.94e9, "1.9 GB"),
        (2e10, "20.0 GB"),
        (3.2e15, "3,200 TB"),
        (-1500, "−1.5 kB"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_sizes(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (414, "414"),
        (999, "999"),
        (4968, "5.0 k"),
        (999_940, "999.9 k"),
        (999_960, "1.0 M"),
        (149_600_000, "149.6 M"),
        (1.5e9, "1.5 G"),
        (None, "–"),
    ],
)
def test_short_counts(count, text):
    assert short_count(count) == text


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (0, "image", "0 images"),
        (1, "image", "1 image"),
        (1234, "image", "1,234 images"),
        (2, "class", "2 classes"),
        (1, "class", "1 class"),
        (2, "entry", "2 entries"),
        (2, "day", "2 days"),
        (2, "box", "2 boxes"),
        (3, "class name", "3 class names"),
    ],
)
def test_counts_with_their_noun(count, noun, text):
    assert counted(count, noun) == text


def test_a_plural_that_no_rule_makes_is_given():
    assert [counted(n, "list file names", "list files name") for n in (1, 2)] == [
        "1 list file names",
        "2 list files name",
    ]


def test_percentages():
    assert [percent(share) for share in (0, 0.8214, 1, None, math.nan)] == ["0.0 %", "82.1 %", "100.0 %", "–", "–"]
    assert (percent(0.00074, 3), percent(0.426, 0), percent(None, missing="-")) == ("0.074 %", "43 %", "-")


def test_differences_have_a_sign():
    assert [points(value) for value in (2.31, -0.44, 0, -0.04, None, math.nan)] == [
        "+2.3",
        "−0.4",
        "+0.0",
        "+0.0",
        "",
        "",
    ]
    assert (points(-0.5, 2), points(-0.44, minus="-"), points(None, missing="-")) == ("−0.50", "-0.4", "-")


def test_fixed_digits():
    assert [fixed(value, 2) for value in (1.314, -1.314, -0.001, math.nan, None)] == ["1.31", "−1.31", "0.00", "–", "–"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.4061, "2.41"), (0.0032, "0.0032"), (1e-5, "1e-05"), (-0.5, "−0.5"), (12345.6, "12,346"), (0, "0"), (None, "–")],
)
def test_numbers_of_any_size(value, text):
    assert number(value) == text


def test_figures_and_the_signs_of_a_terminal():
    assert (number(0.02461, 2), number(124.2, 2), number(-0.5, minus="-")) == ("0.025", "124", "-0.5")
    assert formatting.MISSING == "–"


def test_two_figures_are_never_a_power_of_ten():
    assert [number(one, 2) for one in (0.634, 9.04, 26.2, 104.0, 1234.0)] == ["0.63", "9", "26", "104", "1,234"]
