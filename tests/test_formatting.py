"""Numbers as users read them, at the edges between two units above all."""

import ast
import itertools
import math
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mmap_studio import formatting
from mmap_studio.formatting import (
    counted,
    duration,
    fixed,
    kind_of,
    number,
    percent,
    points,
    short_count,
    size,
    time_left,
)

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
        (2, "batch", "2 batches"),
        (2, "epoch", "2 epochs"),
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


WORDS = [
    "mmap-studio", "a b", "it's", "x\x03\nrm -rf ~\n", "\x1b[2J'\\", "\u202eabc", "\x01f", "caf\u00e9", "\udcff", "",
]  # fmt: skip


def test_a_command_is_for_pasting_whatever_names_are_in_it():
    line = formatting.shell_line(WORDS)
    assert line.isprintable()
    assert line.startswith("mmap-studio 'a b' ")
    if bash := shutil.which("bash"):
        read = subprocess.run([bash, "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True).stdout
        assert read.decode(errors="surrogateescape").split("\0")[:-1] == WORDS


def test_two_figures_are_never_a_power_of_ten():
    assert [number(one, 2) for one in (0.634, 9.04, 26.2, 104.0, 1234.0)] == ["0.63", "9", "26", "104", "1,234"]


SEVERAL = {
    "len(asked)": "runs, of which there are several where this is said",
    "sum(none)": "files of a domain, which has two classes at least",
    "len(hot)": "columns of a one-hot table, two at least",
    "len(self.grouping)": "groups of a grouping too long to be written out",
    "len(names)": "runs, of which the first are shown or several are deleted",
    "len(runs)": "seeds, said otherwise for one",
    "len(self.files)": "files, listed by name where they are few",
    "len(images)": "images, said otherwise for one",
    "count": "images of a menu, said for several",
    "edits": "edits, said otherwise for none and one",
    "len(name)": "letters of a name that is too long",
    "scans": "scans of a picture that has too many",
    "size": "pixels of a side",
    "images": "counted before",
    "made.numbers": "numbers of a model",
    "pixels.shape[0]": "pixels of a side",
    "event.parameters": "parameters of a model",
    "there": "bytes, or numbers of a model",
}
"""Counts that stand before a plural by hand, and why they are never 1."""
PLURAL = re.compile(
    r"(?: (?:more|other|new|test|training|validation|of them))* ?[a-z-]*s\b| (?:are|were|have|others)\b"
)
COUNTED = re.compile(
    r"^(len|sum)\(|(^|\.|_)(n|number|count|total|steps|epochs|tokens|images|tasks|classes|trials|seeds|groups|runs|files|"
    r"lines|depth|shots|room|size|measurements|candidates|done|left|left_out|parameters|layers|chosen|batch_size)$"
)


def test_no_count_stands_before_a_plural_by_hand():
    """`counted` writes 1 image and 2 images; a plural behind a figure in an f-string would be wrong for 1."""
    wrong = []
    for path in sorted(Path(formatting.__file__).parent.rglob("*.py")):
        texts = [one.values for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.JoinedStr)]
        for value, behind in (pair for text in texts for pair in itertools.pairwise(text)):
            if not isinstance(value, ast.FormattedValue) or not isinstance(behind, ast.Constant):
                continue
            said = ast.unparse(value.value)
            thousands = value.format_spec is not None and ast.unparse(value.format_spec) == "f','"
            if said.isupper() or said in SEVERAL or not (thousands or COUNTED.search(said)):
                continue
            if PLURAL.match(behind.value) and not re.match(r" (bytes|megapixels)\b", behind.value):
                wrong.append(f"{path.name}:{value.lineno} {said}{behind.value[:30]}")
    assert not wrong, wrong


@pytest.mark.parametrize(("value", "text"), [(1, "an int"), ([], "a list"), (None, "a NoneType")])
def test_what_a_value_is_has_its_article(value, text):
    assert kind_of(value) == text
