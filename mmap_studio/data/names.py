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
from collections.abc import Callable, Iterable, Iterator, Sequence

from mmap_studio.errors import DataError
from mmap_studio.formatting import counted, shell_line, shown, some

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


def as_read(text: str) -> str:
    """What counts of a name: equal for two that read alike, since CLIP's tokenizer makes letters small."""
    return text.strip().casefold()


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
    start = f"Task {shown(task)}"
    if room < 1:
        yield (
            f"{start}: template and prompts must leave room for class names, but leave {counted(room, 'token')}; use "
            "fewer prompt tokens or a shorter template."
        )
        return
    seen: dict[tuple[int, ...], str] = {}
    for name in names:
        ids = tuple(int(i) for i in token_ids(name)) if name.strip() else ()
        if not ids:
            yield _unreadable(start, [name], "give it another name")
        elif len(ids) > room:
            yield (
                f"{start}: class {shown(name)} has {counted(len(ids), 'token')}, but template and prompts leave "
                f"room for {room}; shorten the name."
            )
        elif ids in seen:
            yield _alike(start, [seen[ids], name], "the same tokens", "rename or merge one of them")
        else:
            seen[ids] = name


def name_clashes(tasks: Iterable[tuple[str, Sequence[tuple[str, Sequence[str]]]]]) -> tuple[str, ...]:
    """What `class_name_problems` will say, before there is a tokenizer: names that are alike but for case, or empty.

    tasks : name, and for every class of it in use what CLIP reads and the folders that are this class

    One sentence for tasks that have the same ones, with the options of `new` that part them.
    """
    where: dict[tuple[str, tuple[tuple[str, ...], ...]], list[str]] = {}
    for task, classes in tasks:
        alike: dict[str, list[tuple[str, ...]]] = {}
        for text, folders in classes:
            alike.setdefault(as_read(text), []).append(tuple(folders))
        for words, groups in alike.items():
            if not words or len(groups) > 1:
                where.setdefault((words, tuple(groups)), []).append(task)
    return tuple(_clash(words, groups, names) for (words, groups), names in where.items())


def first_of_each(texts: Iterable[str]) -> Iterator[str]:
    """The texts of which `name_clashes` says nothing: the first of those that read alike, and none that is empty."""
    seen = {""}
    for text in texts:
        if as_read(text) not in seen:
            seen.add(as_read(text))
            yield text


def _clash(words: str, groups: Sequence[Sequence[str]], tasks: Sequence[str]) -> str:
    start = f"Task {shown(tasks[0])}" + (f" and {counted(len(tasks) - 1, 'other task')}" if len(tasks) > 1 else "")
    folders, last = [name for group in groups for name in group], groups[-1][-1]
    name_it = _option("--class", f"{last}=NAME")
    if not words:
        return _unreadable(
            start, folders, f"name it with {name_it}, or leave it out with {_option('--leave-out', last)}"
        )
    one_form = len({unicodedata.normalize("NFC", name) for name in folders}) == 1
    form = " (the names differ in their Unicode form alone)" if one_form else ""
    merge = _option("--merge", f"{words}={'+'.join(folders)}")
    return _alike(
        start, folders, f"{shown(words)}{form}", f"name one otherwise with {name_it}, or make them one with {merge}"
    )


def _alike(start: str, names: Sequence[str], words: str, remedy: str) -> str:
    return f"{start}: every class must read differently, but {some(names)} are read as {words}; {remedy}."


def _unreadable(start: str, names: Sequence[str], remedy: str) -> str:
    verb = "reads" if len(names) == 1 else "read"
    return f"{start}: every class must have a name that can be read, but {some(names)} {verb} as nothing; {remedy}."


def _option(name: str, value: str) -> str:
    return f"{name} {shell_line([value])}"
