"""Class names that no text tower can tell apart or read, known before any tokenizer is there.

CLIP's tokenizer makes letters small, so what differs in case alone is the same to it; a tokenizer may find more.
"""

import shlex
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from mmap_studio.formatting import counted, shown, some


def name_clashes(tasks: Iterable[tuple[str, Sequence[tuple[str, Sequence[str]]]]]) -> tuple[str, ...]:
    """One sentence for classes that read alike or as nothing, with the options that part them; for tasks that have
    the same ones, one sentence.

    tasks : name, and for every class of it in use what CLIP reads and the folders that are this class
    """
    where: dict[tuple[str, tuple[tuple[str, ...], ...]], list[str]] = {}
    for task, classes in tasks:
        alike: dict[str, list[tuple[str, ...]]] = {}
        for text, folders in classes:
            alike.setdefault(text.strip().casefold(), []).append(tuple(folders))
        for words, groups in alike.items():
            if not words or len(groups) > 1:
                where.setdefault((words, tuple(groups)), []).append(task)
    return tuple(_sentence(words, groups, names) for (words, groups), names in where.items())


def _sentence(words: str, groups: Sequence[Sequence[str]], tasks: Sequence[str]) -> str:
    more = f" and {counted(len(tasks) - 1, 'other task')}" if len(tasks) > 1 else ""
    start = f"Task {shown(tasks[0])}{more}"
    folders = [name for group in groups for name in group]
    last = groups[-1][-1]
    if not words:
        return (
            f"{start}: every class must have a name that can be read, but {some(folders)} "
            f"{'reads' if len(folders) == 1 else 'read'} as nothing; name it with "
            f"{_option('--class', f'{last}=NAME')}, or leave it out with {_option('--leave-out', last)}."
        )
    form = " (the names differ in their Unicode form alone)" if _one_form(folders) else ""
    merge = "+".join(folders)
    return (
        f"{start}: no two classes may be read alike, but {some(folders)} are read as {shown(words)}{form}; name one "
        f"otherwise with {_option('--class', f'{last}=NAME')}, or make them one with "
        f"{_option('--merge', f'{words}={merge}')}."
    )


def _option(name: str, value: str) -> str:
    return f"{name} {shlex.quote(value)}"


def _one_form(names: Sequence[str]) -> bool:
    return len(names) > 1 and len({unicodedata.normalize("NFC", name) for name in names}) == 1


def readable(texts: Iterable[str]) -> Iterator[str]:
    """The texts that are left to be looked at by a tokenizer: the first of those that read alike."""
    seen = {""}
    for text in texts:
        small = text.strip().casefold()
        if small not in seen:
            seen.add(small)
            yield text
