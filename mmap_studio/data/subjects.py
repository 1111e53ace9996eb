"""Which images show the same thing: by the names of their files in several domains, and by equal images.

A subject is one thing in the world (a slide, a pictogram, a product), and a split is honest only where it keeps all
images of one subject in one part. A file's name can say what its image shows, or only count: `desert-island.png` in
two drawing styles is one subject, `00001.jpg` in two domains of Office-Home is not. What `auto` takes for a subject:

| names that recur in several domains | subject | rule |
|---|---|---|
| `desert-island`, `slide_17_A`, `patient_12/left` | yes | a word that is none of the data set's own |
| `1f3dd`, `a8c3f1e0` | yes | letters among digits: a code |
| `00001`, `img_1`, `frame_0001`, `pic_001`, `056_0001` | no | numbers, alone or behind a word for an image |
| `dog_1`, `train_7` | no | the words of a class or a part say nothing of the image |
| `drawing_1` in every class | no | one word and a number that starts again in every class |
| `000000397133`, `10026` | yes | numbers that leave nine of ten out, in far more domains than at random |

and even then only between two domains in which at least 1 % of the images of the smaller one recur, mostly in the same
class. A name that one domain has several times names something only together with its class and folders.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import gcd
from typing import NamedTuple

import numpy as np

from mmap_studio.data.domains import Domain
from mmap_studio.data.file_kinds import is_columnar
from mmap_studio.data.layouts import PARTS, SPLIT_NAMES
from mmap_studio.data.names import as_read, clean_class_name
from mmap_studio.formatting import counted

IDENTITIES = ("auto", "stem", "none")
"""By names that say what an image shows; by all names; by equal images alone."""
FOR_IMAGES = (
    "art capture copy crop draw drawing dsc dscf dscn example fig figure file frame icon id idx im image imageset img "
    "imgp imgs index instance item jpeg jpg mvimg new nr num number obj object painting photo pic picture png pxl "
    "render rendering sample screenshot shot snap snapshot thumb thumbnail untitled view webp"
)
"""Words that stand before a number and mean no more than "image"."""
RECUR = 0.01
"""Share of the smaller domain's images that must recur in the other before names count."""
SPARSE = 0.1
"""Share of a range of numbers that are used, below which they do not count one by one."""
BEYOND = 4
"""Times as often as at random that sparse numbers must recur."""
_CODE = re.compile(r"(?=.*\d.*\d)(?=.*[a-z])[0-9a-z]{4,}")
_TOKEN = re.compile(r"[^\W\d_]+|\d+")


class FileName(NamedTuple):
    """What a file's name says, letters small."""

    stem: str
    folders: tuple[str, ...]
    """Those between domain and file that are no class, no domain and no part."""
    kind: str
    """The class, as CLIP reads it."""


Key = tuple[str, ...]
"""A name under which an image is looked for in other domains: a stem alone, or with class and folders."""


@dataclass(frozen=True)
class Subjects:
    """What every image of several tasks shows."""

    ids: tuple[np.ndarray, ...]
    """Per task int64 (N,): the subject of every image; equal in two tasks where it is the same."""
    recurring: tuple[int, ...] = ()
    """For every subject that several tasks show by its name or nature, how many of them."""
    equal_images: int = 0
    """Images that are equal to another one, which is counted too."""

    @property
    def sentence(self) -> str:
        """What was found, for a user; empty where every image is its own subject."""
        parts = []
        if self.recurring:
            spread = Counter(self.recurring)
            in_each = ", ".join(f"{spread[tasks]:,} in {tasks}" for tasks in sorted(spread, reverse=True))
            parts.append(f"{counted(len(self.recurring), 'subject')} in several tasks ({in_each})")
        if self.equal_images:
            parts.append(f"{counted(self.equal_images, 'image')} equal to another")
        return f"{' and '.join(parts)}: each subject is in one part everywhere." if parts else ""


def subject_names(domains: Sequence[Domain], identity: str) -> list[list[Key | None]]:
    """Per domain and image the name of its subject, the same in all domains; None where its file names none.

    identity : one of `IDENTITIES`
    """
    if len(domains) < 2 or identity == "none":
        return [[None] * len(domain.files) for domain in domains]
    names = [_names(domain, {_small(domain.name) for domain in domains}) for domain in domains]
    several = _several(names)
    keys = [[_key(name, several) if name.stem else None for name in own] for own in names]
    seen = Counter(key for own in keys for key in set(own) if key is not None)
    twice = {key for own, directories in zip(keys, map(_directories, domains), strict=True)
             for key in _in_two_folders(own, directories)} if identity == "auto" else set()  # fmt: skip
    keys = [[key if key is not None and seen[key] > 1 and key not in twice else None for key in own] for own in keys]
    if identity == "stem":
        return keys
    telling = _telling(keys, names)
    return [[key if key in telling else None for key in own] for own in keys]


def joined(names: Sequence[Sequence[object] | np.ndarray], equal: Sequence[Mapping[int, bytes]] = ()) -> Subjects:
    """Subjects by what names them, and by equal images.

    names : per task and image, what names its subject in all tasks; None: nothing but itself
    """
    union = _Union()
    where: dict[object, set[int]] = defaultdict(set)
    rows: list[list[int]] = []
    for task, own in enumerate(names):
        rows.append([])
        for name in own:
            rows[-1].append(union.named(("name", name)) if name is not None else union.new())
            if name is not None:
                where[name].add(task)
    copies: Counter[bytes] = Counter()
    for task, digests in enumerate(equal):
        for row, digest in digests.items():
            union.join(rows[task][row], union.named(("bytes", digest)))
            copies[digest] += 1
    ids = tuple(np.array([union.root(row) for row in own], np.int64) for own in rows)
    recurring = tuple(len(tasks) for tasks in where.values() if len(tasks) > 1)
    return Subjects(ids, recurring, sum(count for count in copies.values() if count > 1))


def recurring_stems(domains: Sequence[Domain]) -> int:
    """File names, without their endings, that several domains have."""
    seen = Counter(stem for domain in domains for stem in {name.stem for name in _names(domain, set())})
    return sum(count > 1 for count in seen.values())


class _Union:
    """Disjoint sets of numbers; a set's root is its smallest."""

    def __init__(self) -> None:
        self._above: list[int] = []
        self._of: dict[object, int] = {}

    def new(self) -> int:
        self._above.append(len(self._above))
        return len(self._above) - 1

    def named(self, name: object) -> int:
        if name not in self._of:
            self._of[name] = self.new()
        return self._of[name]

    def root(self, one: int) -> int:
        while self._above[one] != one:
            self._above[one] = self._above[self._above[one]]
            one = self._above[one]
        return one

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._above[high] = low


def _names(domain: Domain, domains: set[str]) -> list[FileName]:
    """Of every image; the stem is empty where a table has only numbered rows."""
    kinds = [as_read(clean_class_name(raw)) for raw in domain.classes]
    raw = [_small(name) for name in domain.classes]
    passed = {*domains, *SPLIT_NAMES, _small(domain.name)}
    stems: dict[str, str] = {}
    found = []
    for path, label in zip(domain.files.paths(), domain.files.classes.tolist(), strict=True):
        *folders, last = path.split("/")
        named = "" if folders and is_columnar(folders[-1]) else _small(last.rpartition(".")[0] or last)
        stem = stems.setdefault(named, named)  # a million files have few names where every class counts its own
        own = tuple(small for folder in folders if (small := _small(folder)) not in passed and small != raw[label])
        found.append(FileName(stem, own, kinds[label]))
    return found


def _small(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _words(text: str) -> list[str]:
    return [token for token in _TOKEN.findall(as_read(clean_class_name(text))) if not token.isdecimal()]


def _several(names: Sequence[Sequence[FileName]]) -> set[str]:
    """Stems that some domain has more than once: alone they name nothing."""
    return {stem for own in names for stem, count in Counter(name.stem for name in own).items() if count > 1}


def _key(name: FileName, several: set[str]) -> Key:
    return (name.kind, *name.folders, name.stem) if name.stem in several else (name.stem,)


def _directories(domain: Domain) -> list[str]:
    return [path.rpartition("/")[0] for path in domain.files.paths()]


def _in_two_folders(keys: Sequence[Key | None], directories: Sequence[str]) -> set[Key]:
    """Names that stand in two folders of one domain, such as those of two parts: whether they are one, who knows."""
    first: dict[Key, str] = {}
    return {key for key, place in zip(keys, directories, strict=True)
            if key is not None and first.setdefault(key, place) != place}  # fmt: skip


def _telling(keys: Sequence[Sequence[Key | None]], names: Sequence[Sequence[FileName]]) -> set[Key]:
    """The names that say what an image shows, and recur where that can be no chance."""
    named = [{key: name for key, name in zip(own, all_, strict=True) if key is not None}
             for own, all_ in zip(keys, names, strict=True)]  # fmt: skip
    sizes = [len(own) for own in names]
    first = {key: name for own in reversed(named) for key, name in own.items()}
    said = {key: _says_something(key, name) for key, name in first.items()}
    numbers = _numbers([{k: n for k, n in own.items() if not said[k]} for own in named], names)
    telling: set[Key] = set()
    for one, other in combinations(range(len(named)), 2):
        both = [key for key in named[one] if key in named[other]]
        words = {key for key in both if said[key]}
        if _recur(words, named[one], named[other], min(sizes[one], sizes[other])):
            telling |= words
        telling |= numbers(one, other, [key for key in both if not said[key]])
    return telling


def _recur(shared: set[Key], one: Mapping[Key, FileName], other: Mapping[Key, FileName], images: int) -> bool:
    """Whether so many names recur, and so often in the same class, that these are the same things."""
    if len(shared) < max(1, RECUR * images):
        return False
    kinds = {name.kind for name in one.values()} & {name.kind for name in other.values()}
    comparable = [key for key in shared if one[key].kind in kinds and other[key].kind in kinds]
    agree = sum(one[key].kind == other[key].kind for key in comparable)
    return 2 * agree >= len(comparable)


def _says_something(key: Key, name: FileName) -> bool:
    """Whether there is a word, or a code, that is none of the data set's own and not followed by a mere count."""
    passed = _passed(name.kind)
    alone = len(key) == 1
    texts = (name.stem,) if alone else (*name.folders, name.stem)
    words = [word for text in texts for word in _telling_words(text, passed)]
    if not words:
        return False
    plain = _TOKEN.findall(name.stem)
    counts = len(plain) == 2 and not plain[0].isdecimal() and plain[1].isdecimal()
    return alone or not counts or any(_telling_words(text, passed) for text in name.folders)


@cache
def _passed(kind: str) -> frozenset[str]:
    """Words that say nothing of an image of a class."""
    words = _words(kind)
    return frozenset([*words, "".join(words), *PARTS, *FOR_IMAGES.split()])


def _telling_words(text: str, passed: Set[str]) -> list[str]:
    codes = [piece for piece in re.split(r"[\W_]+", text) if _CODE.fullmatch(piece) and len(_TOKEN.findall(piece)) > 2]
    words = (token for token in _TOKEN.findall(text) if not token.isdecimal())
    long_enough = (word for word in words if len(word) > 1 or not word.isascii())
    return codes + [word for word in long_enough if word not in passed and word.removesuffix("s") not in passed]


def _numbers(
    numbered: Sequence[Mapping[Key, FileName]], names: Sequence[Sequence[FileName]]
) -> Callable[[int, int, list[Key]], set[Key]]:
    """Those of some numbered names, which two domains share, that are no count: sparse, and shared beyond chance."""
    used: list[dict[tuple[str, str], set[int]]] = []
    for wanted, own in zip(numbered, names, strict=True):
        kinds = {_pattern(name) for name in wanted.values()}
        used.append(defaultdict(set))
        for name in own if kinds else ():
            if _pattern(name) in kinds:
                used[-1][name.kind, _pattern(name)].add(_number(name))

    def telling(one: int, other: int, shared: list[Key]) -> set[Key]:
        by_place: dict[tuple[str, str], list[Key]] = defaultdict(list)
        for key in shared:
            name = numbered[one][key]
            by_place[name.kind, _pattern(name)].append(key)
        expected = filled = room = 0.0
        for place in by_place:
            here, there = used[one].get(place, set()), used[other].get(place, set())
            every = here | there
            least = min(every)
            step = gcd(*(number - least for number in every)) or 1  # every tenth of a count is a count
            span = (max(every) - least) // step + 1
            expected += len(here) * len(there) / span
            filled, room = filled + max(len(here), len(there)), room + span
        beyond = len(shared) >= 3 and filled < SPARSE * room and len(shared) > BEYOND * expected
        return set(shared) if beyond else set()

    return telling


def _pattern(name: FileName) -> str:
    return re.sub(r"\d+", "#", name.stem)


def _number(name: FileName) -> int:
    """The last number of a name, by which things are counted; 0 where there is none."""
    found = re.findall(r"[0-9]+", name.stem)
    return int(found[-1]) if found else 0
