"""Files that say what the ids of classes are called: `classnames.txt`, `LOC_synset_mapping.txt`, `words.txt`.

Folders are often called by WordNet ids (`n01443537`, ImageNet and its kin) or numbers, which CLIP cannot read. A file
is known by its lines: an id and a name, or for numbers one name a line in the order of the numbers. Where every folder
has its id in front of its name (`n02085620-Chihuahua`, `00_airplane`), no file is needed.
"""

import csv
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from mmap_studio.data.domains import Survey
from mmap_studio.data.file_kinds import is_image
from mmap_studio.data.names import clean_class_name
from mmap_studio.errors import StudioError
from mmap_studio.formatting import counted, shown, some
from mmap_studio.storage.opener import read_text

WORDNET = re.compile(r"n\d{8}")
MAX_BYTES = 16 << 20
"""Of a file of names; WordNet's own `words.txt` has 3 MB."""
MOST_FILES = 50
"""Files that are looked into."""
LONGEST = 200
"""Letters of a line of names."""
_ORDERED = re.compile(
    r"(?:.*[-_])?(?:class|label|category|categorie)[-_]?(?:es|s|names?|list|map)?|names", re.IGNORECASE
)
"""What a file of names without ids is called, without its suffix."""
_ID = re.compile(r"n\d{8}|\d{1,6}")
_ID_AND_NAME = re.compile(r"\W*(n\d{8}|\d{1,6})[\s,:;=\"']+(\S.*)")
_IN_FRONT = re.compile(r"(n\d{8}|\d{1,5})[-_. ]++(?=.*[^\W\d_]{2})(.+)")
"""A class folder with its id in front of its name."""
_BEHIND = " \t\"',}"
"""What may stand behind a name on its line."""


def with_names(found: Survey, root: Path, texts: Sequence[str]) -> Survey:
    """The survey with the names of its ids, and a notice that says which file they are from, where there is one.

    texts : text files below `root`
    """
    own = _of_one_domain(found, root, texts)
    if not own:
        return _named(found, root, texts)
    shared = [path for path in texts if not any(path in paths for paths in own.values())]
    each = {domain.name: _named(replace(found, domains=(domain,), notices=()), root, [*own[domain.name], *shared])
            for domain in found.domains}  # fmt: skip
    said = dict.fromkeys(text for one in each.values() for text in one.notices)
    return replace(found, notices=(*said, *found.notices), own_names={name: one.names for name, one in each.items()})


def _of_one_domain(found: Survey, root: Path, texts: Sequence[str]) -> dict[str, list[str]]:
    """Domain -> the text files that lie with its images and no other's, where the classes are numbers: 0 may be another
    class in each. Nothing where there is no such file.
    """
    if len(found.domains) < 2 or not all(map(_is_number, (name for one in found.domains for name in one.classes))):
        return {}
    holders: dict[str, set[str]] = {}
    for domain in found.domains:
        start = os.path.relpath(domain.root, root)
        below = "" if start == "." else f"{start}/"
        for folder in {(below + path).rpartition("/")[0] for path in domain.files.paths()}:
            for above in (folder, *map(str, PurePosixPath(folder).parents)):
                holders.setdefault(above, set()).add(domain.name)
    own: dict[str, list[str]] = {domain.name: [] for domain in found.domains}
    for path in texts:
        near = next((str(above) for above in PurePosixPath(path).parents if str(above) in holders), ".")
        if len(holders.get(near, ())) == 1:
            own[min(holders[near])].append(path)
    return own if any(own.values()) else {}


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) < 7


def _named(found: Survey, root: Path, texts: Sequence[str]) -> Survey:
    ids = {name for domain in found.domains for name in domain.classes}
    wordnet = {name for name in ids if WORDNET.fullmatch(name)}
    numbers = set(filter(_is_number, ids))
    if len(wordnet) * 2 <= len(ids) and numbers != ids:
        return _without_ids(found)
    wanted = wordnet if len(wordnet) * 2 > len(ids) else numbers
    names, path = _best(root, texts, wanted, ordered=wanted is numbers)
    if not names:
        return found.saying(_no_names(path, wanted)) if path else found
    missing = sorted(wanted - set(names))
    left = f"; it has none for {some(missing, 3)}" if missing else ""
    said = f"{counted(len(names), 'class name')} are read from {shown(path)}{left}."
    return found.saying(said, names)


def _without_ids(found: Survey) -> Survey:
    """With the names of classes that all have a number or an id of their own in front: `00_airplane`, `01_bird`."""
    names: dict[str, str] = {}
    for domain in found.domains:
        parted = [_IN_FRONT.fullmatch(name) for name in domain.classes]
        pairs = [one.groups() for one in parted if one]
        if len(pairs) < len(parted) or any(len({pair[n] for pair in pairs}) < len(pairs) for n in (0, 1)):
            return found
        names |= {raw: clean_class_name(pair[1]) for raw, pair in zip(domain.classes, pairs, strict=True)}
    if not entry_names(names, list(names)):  # the rules of names alone leave the number out
        return found
    raw = min(names)
    return found.saying(
        f"Every class has a number in front of its name, which is left out: {shown(raw)} is read as "
        f"{shown(names[raw])}.", names,
    )  # fmt: skip


def _no_names(path: str, wanted: set[str]) -> str:
    return (
        f"By its name, {shown(path)} says what the {counted(len(wanted), 'class')} are called, but has no name for "
        "each; it is not used."
    )


def unnamed_notices(texts: Mapping[str, Sequence[str]]) -> list[str]:
    """That CLIP is given numbers or ids to read, which say nothing to it.

    texts : task -> what CLIP reads for its classes
    """
    said = []
    every = {text for own in texts.values() for text in own}
    ids = sorted(text for text in every if WORDNET.fullmatch(text))
    if len(ids) * 2 > len(every):
        said.append(
            f"The classes have WordNet ids for names ({some(ids, 3)}), which say nothing to CLIP; put a classnames.txt "
            f"of lines `{ids[0]} NAME` into the folder, or name them with --class ID=NAME."
        )
    if numbered := [task for task, own in texts.items() if all(text.isdecimal() for text in own)]:
        said.append(
            f"The classes of {some(numbered)} have numbers for names; say what CLIP should read with --class "
            "NUMBER=NAME or in project.toml."
        )
    return said


def _best(root: Path, texts: Sequence[str], wanted: set[str], ordered: bool) -> tuple[dict[str, str], str]:
    """The names of most of the ids, and the file that has them; the shallowest of equals. Without names, a file that is
    called as one of names.
    """
    best: tuple[dict[str, str], str] = {}, ""
    files = [path for path in texts if PurePosixPath(path).suffix.lower() in (".txt", ".csv", ".tsv", ".json")]
    for path in sorted(files, key=lambda path: (path.count("/"), path))[:MOST_FILES]:
        stem = PurePosixPath(path).stem
        says_so = not ordered or _ORDERED.fullmatch(stem)
        if not says_so and not path.lower().endswith(".json"):
            continue
        try:
            text = read_text(root / path, MAX_BYTES)
        except StudioError:
            continue
        found = {
            raw: name
            for raw, name in _names(text, wanted, ordered, path.lower().endswith((".csv", ".tsv")))
            if raw in wanted and name.isprintable() and name
        }
        if len(found) > len(best[0]) and (says_so or set(found) == wanted):
            best = found, path
        elif says_so and ordered and not best[1] and not path.lower().endswith(".json") and _is_of_words(text):
            best = {}, path
    return best


def _is_of_words(text: str) -> bool:
    """Whether the lines of a file may be names: none is long, or names an image."""
    lines = text.splitlines()[:20]
    return any(map(str.strip, lines)) and not any(
        len(line) > LONGEST or is_image(re.split(r"[\s,;]", line)[0]) for line in lines
    )


def _names(text: str, wanted: set[str], ordered: bool, table: bool) -> Iterator[tuple[str, str]]:
    if text.lstrip()[:1] in ("{", "["):
        found = list(_json_names(text))
        yield from found
        if found:
            return
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any(is_image(re.split(r"[\s,;]", line, maxsplit=1)[0]) for line in lines[:20]):
        return  # a list of images
    if table:
        lines = _two_cells(lines)
    pairs = [one.groups() for line in lines if len(line) <= LONGEST * 20 and (one := _ID_AND_NAME.fullmatch(line))]
    several = not ordered or text.lstrip().startswith("{")  # a dict as Python writes it: {0: 'tench, Tinca tinca', ...
    if not ordered or len(pairs) == len(lines):
        own = {int(raw): raw for raw in wanted} if ordered else {}
        yield from ((own.get(int(raw), raw) if ordered else raw, _readable(name.rstrip(_BEHIND), not several))
                    for raw, name in pairs if not ordered or raw.isdecimal())  # fmt: skip
    elif not table and all(len(line) <= LONGEST for line in lines):
        numbers = [int(raw) for raw in wanted]
        first = 1 if min(numbers) == 1 and max(numbers) == len(lines) else 0
        if max(numbers) - first < len(lines):
            yield from ((raw, _readable(lines[int(raw) - first], ordered)) for raw in wanted)


def _two_cells(lines: Sequence[str]) -> list[str]:
    """Of a table the first two cells of every line, the number in front; without the line of the columns' names."""
    try:
        rows = [row[:2] for row in csv.reader(lines, delimiter=max(",;\t", key=lines[0].count)) if len(row) > 1]
    except (csv.Error, IndexError):
        return []
    rows = [row if _ID.fullmatch(row[0].strip()) else row[::-1] for row in rows]
    return [" ".join(row) for row in rows if _ID.fullmatch(row[0].strip())]


def _json_names(text: str) -> Iterator[tuple[str, str]]:
    """`{"0": ["n01440764", "tench"]}`, `{"n01440764": "tench"}`, `{"tench": 0}` or a list of names."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(found, dict | list):
        return
    for key, value in found.items() if isinstance(found, dict) else enumerate(found):
        if isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) for one in value):
            yield value[0], _readable(value[1], False)
            yield str(key), _readable(value[1], False)
        elif isinstance(value, str) and not is_image(value):
            yield str(key), _readable(value, False)
        elif isinstance(found, dict) and type(value) is int:
            yield str(value), _readable(str(key), False)


def _readable(name: str, ordered: bool) -> str:
    """The first of several names of one thing (`tench, Tinca tinca`); without underscores, its capitals as they are."""
    name = name[:LONGEST] if ordered else name.split(",")[0][:LONGEST]
    return clean_class_name(name) if "_" in name else " ".join(name.split())


def entry_names(names: Mapping[str, str], classes: Sequence[str]) -> dict[str, str]:
    """Class -> its name in the file, of the classes that the file renames."""
    return {raw: names[raw] for raw in classes if raw in names and names[raw] != clean_class_name(raw)}
