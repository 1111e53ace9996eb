r"""Folder names become words that CLIP was trained on, and unusable ones are refused by name.

| folder | class | rule |
|---|---|---|
| Desk_Lamp | desk lamp | an underscore is a space; capitals go |
| 001.ak47 | ak47 | the number of Caltech and CUB, three digits and a dot, goes |
| alarm-clock | alarm clock | a hyphen is a space where the name has no space or underscore ... |
| half-track_van | half-track van | ... but belongs to the word where it has |
| T-shirt, F-16 | T-shirt, F-16 | a hyphen beside a single letter stays, and so does that letter's case |
| AlarmClock, USBStick | alarm clock, USB stick | words run together are parted where the name has no other sign |
| iPhone, LaTeX, McDonald | iPhone, LaTeX, McDonald | ... but not into pieces of one or two letters |
| TV, LED_lamp | TV, LED lamp | two or three capitals are an abbreviation |
| `Cafe` + U+0301 | café | Unicode NFC |
| `  a\t b ` | a b | white space is collapsed; control signs and bidi overrides go |

Case matters to the eye only: CLIP's tokenizer makes it small. Whatever comes out can be overridden per project.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from mmap_studio.errors import DataError
from mmap_studio.formatting import shown

_NUMBER = re.compile(r"^\d{3}\.(?=\S)")
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HYPHEN = re.compile(r"(?<=[^\W\d_]{2})-(?=[^\W\d_]{2})")  # between two words of two letters or more
_BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # alarm|Clock, USB|Stick


def clean_class_name(raw: str) -> str:
    """The name as CLIP reads it, by the rules of the table above; may be empty."""
    name = _INVISIBLE.sub(" ", unicodedata.normalize("NFC", raw)).strip()
    name = _NUMBER.sub("", name)
    if not re.search(r"[\s_]", name):
        name = _HYPHEN.sub(" ", name)
    if not re.search(r"[\s_-]", name):
        name = _part(name)
    return " ".join(_small(word) for word in re.split(r"[\s_]+", name) if word)


def _part(name: str) -> str:
    """Words run together, parted; the whole stays as it is when a piece would be too short to be a word."""
    pieces = _BORDER.split(name)
    sound = all(len(piece) > 2 or (piece.isupper() and len(piece) == 2) for piece in pieces)
    return " ".join(pieces) if sound else name


def _small(word: str) -> str:
    """Without capitals, unless they mean something: TV, iPhone, the T of T-shirt."""
    parts = word.split("-")
    return "-".join(p if len(p) == 1 and len(parts) > 1 else _small_part(p) for p in parts)


def _small_part(word: str) -> str:
    abbreviation = word.isupper() and 1 < len(word) <= 3
    inner = any(c.isupper() for c in word[1:]) and not word.isupper()
    return word if abbreviation or inner else word.lower()


def check_class_names(task: str, names: Sequence[str], token_ids: Callable[[str], Sequence[int]], room: int) -> None:
    """Refuse names the text tower cannot read or cannot tell apart.

    token_ids : the ids of a name alone, without start and end   room : tokens that the context leaves for a name

    Raises DataError naming the task and the class: empty, more than `room` tokens, equal to another as token ids.
    """
    for problem in class_name_problems(task, names, token_ids, room):
        raise DataError(problem)


def class_name_problems(
    task: str, names: Sequence[str], token_ids: Callable[[str], Sequence[int]], room: int
) -> Iterator[str]:
    """Every reason of `check_class_names` to refuse, one sentence each, in the order of the names."""
    if room < 1:
        yield (
            f"Task {shown(task)}: template and prompts must leave room for class names, but leave {room} tokens; use "
            "fewer prompt tokens or a shorter template."
        )
        return
    seen: dict[tuple[int, ...], str] = {}
    for name in names:
        ids = tuple(int(i) for i in token_ids(name)) if name.strip() else ()
        if not ids:
            yield f"Task {shown(task)}: class {shown(name)} has no readable name; give it one."
        elif len(ids) > room:
            yield (
                f"Task {shown(task)}: class {shown(name)} has {len(ids)} tokens, but template and prompts leave "
                f"room for {room}; shorten the name."
            )
        elif ids in seen:
            yield (
                f"Task {shown(task)}: every class must read differently, but {shown(seen[ids])} and {shown(name)} read "
                "the same to the text tower; rename or merge one of them."
            )
        else:
            seen[ids] = name
