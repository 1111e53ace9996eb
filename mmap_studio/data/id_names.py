"""Files that say what the ids of classes are called: `classnames.txt`, `LOC_synset_mapping.txt`, `words.txt`.

Folders are often called by WordNet ids (`n01443537`, ImageNet and its kin) or numbers, which CLIP cannot read. A file
is known by its lines: an id and a name, or for numbers one name a line in the order of the numbers.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
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
_ID_AND_NAME = re.compile(r"\W*(n\d{8}|\d{1,6})[\s,:;=\"']+(\S.*)")
_BEHIND = " \t\"',"
"""What may stand behind a name on its line."""


def with_names(found: Survey, root: Path, texts: Sequence[str]) -> Survey:
    """The survey with the names of its ids, and a notice that says which file they are from, where there is one.

    texts : text files below `root`
    """
    ids = {name for domain in found.domains for name in domain.classes}
    wordnet = {name for name in ids if WORDNET.fullmatch(name)}
    numbers = {name for name in ids if name.isascii() and name.isdecimal() and len(name) < 7}
    if len(wordnet) * 2 <= len(ids) and numbers != ids:
        return found
    wanted = wordnet if len(wordnet) * 2 > len(ids) else numbers
    names, path = _best(root, texts, wanted, ordered=wanted is numbers)
    if not names:
        return found
    missing = sorted(wanted - set(names))
    left = f"; it has none for {some(missing, 3)}" if missing else ""
    said = f"{counted(len(names), 'class name')} are read from {shown(path)}{left}."
    return found.saying(said, names)


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
    """The names of most of the ids, and the file that has them; the shallowest of equals."""
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
    return best


def _names(text: str, wanted: set[str], ordered: bool, table: bool) -> Iterator[tuple[str, str]]:
    if text.lstrip()[:1] in ("{", "["):
        yield from _json_names(text)
        return
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any(is_image(re.split(r"[\s,;]", line, maxsplit=1)[0]) for line in lines[:20]):
        return  # a list of images
    pairs = [found.groups() for line in lines if len(line) <= LONGEST * 20 and (found := _ID_AND_NAME.fullmatch(line))]
    if not ordered or len(pairs) == len(lines):
        yield from ((raw, _readable(name.rstrip(_BEHIND), ordered)) for raw, name in pairs)
    elif not table and all(len(line) <= LONGEST for line in lines):
        numbers = [int(raw) for raw in wanted]
        first = 1 if min(numbers) == 1 and max(numbers) == len(lines) else 0
        if max(numbers) - first < len(lines):
            yield from ((raw, _readable(lines[int(raw) - first], ordered)) for raw in wanted)


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
