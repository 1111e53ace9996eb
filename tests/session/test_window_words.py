"""Sentences that name an option of a command, as the window says them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmap_studio.session.window_words import in_window

PACKAGE = Path(__file__).parents[2] / "mmap_studio"
OPTION = re.compile(r"(?<![\w-])--[a-z]")
ROOMS = ("data", "method", "storage", "session")
NOT_SHOWN = (
    "session/doctor/",  # checks of a command
    "session/studio/command_line.py", "session/sweep/report.py",  # they write commands
    "session/compare/labelled_images.py",  # of score
    "session/engines/choice.py",  # Run on has a field only where it goes with the others
    "session/engines/ray_start.py",  # options of ray
    "session/results/export_files.py",  # of --out; the window asks for a folder
    "session/sweep/space.py", "session/sweep/search.py",  # of what a sweep's command varies and keeps
)  # fmt: skip
"""What the window does not show."""


def sentences() -> Iterator[tuple[str, str]]:
    """File and text of every string that names an option, a name in it as `x`; no docstring."""
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if not place.startswith(ROOMS) or place.startswith(NOT_SHOWN) or path.name == "window_words.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in ast.walk(node)
            if part is not node
        }
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if id(node) in inside | told:
                continue
            if isinstance(node, ast.JoinedStr):
                text = "".join(one.value if isinstance(one, ast.Constant) else "x" for one in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            else:
                continue
            if OPTION.search(text) and " " in text:
                yield place, text


def test_there_are_sentences_with_options() -> None:
    assert len(list(sentences())) > 12


@pytest.mark.parametrize(("place", "text"), list(sentences()))
def test_the_window_names_its_own_control(place: str, text: str) -> None:
    """An option may stay only behind the command that it is of."""
    said = in_window(text)
    assert not OPTION.search(re.sub(r"`mmap-studio [^`]*`( and --[a-z-]+)?|`[^`]*`", "", said)), said
    assert "  " not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Task 'a': x are read as 'cat'; name one otherwise with --class 'a cat=NAME', or make them one with "
         "--merge 'cat=Cat+a cat'.",
         "Task 'a': x are read as 'cat'; name one otherwise, or make them one, in Edit > Class names."),
        ("'__' reads as nothing; name it with --class __=NAME, or leave it out with --leave-out __.",
         "'__' reads as nothing; name it or leave it out in Edit > Class names."),
        ("say what CLIP should read with --class NUMBER=NAME or in project.toml.",
         "say what CLIP should read in Edit > Class names."),
        ("or name them with --class ID=NAME.", "or name them in Edit > Class names."),
        ("is read as one; --leave-out not used leaves it out.", "is read as one; Edit > Class names leaves it out."),
        ("where equal names are the same thing, say --identity stem.",
         "where equal names are the same thing, choose Subjects by equal file names in Edit > Split."),
        ("--follow-links reads what links lead to", "Follow links in New project reads what links lead to"),
        ("beside 'a'; --layout domains reads 'b' as a domain.",
         "beside 'a'; Read as in the import report reads 'b' as a domain."),
        ("Of the lists, 'x' are read; --layout takes others: 'y'.",
         "Of the lists, 'x' are read; Read as in the import report takes others: 'y'."),
        ("'a' could be too: --label-column a takes it.", "'a' could be too: Read as in the import report takes it."),
        ("(lists:a, lists:b); ask for one with --layout, such as lists:a.",
         "(lists:a, lists:b); ask for one with `mmap-studio new` and --layout, such as lists:a."),
        ("There is no /p; `mmap-studio relocate '/my p' --data FOLDER`, or Project > Find moved images in the window, "
         "says where they are now",
         "There is no /p; Project > Find moved images says where they are now"),
        ("make one with `mmap-studio new FOLDER --data DIR`.", "make one with Project > New from folders."),
        ("nothing is wrong -- with this", "nothing is wrong -- with this"),
    ],
)  # fmt: skip
def test_of_each_option(text: str, said: str) -> None:
    assert in_window(text) == said
