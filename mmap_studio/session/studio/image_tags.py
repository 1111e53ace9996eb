"""The tags of the open project's images: read when it is opened, written as they are edited, undone with all else."""

import threading
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from mmap_studio.errors import InputError, StudioError
from mmap_studio.formatting import counted, shown
from mmap_studio.session.board.history import History
from mmap_studio.session.gallery.tags import FILE, MOST, Tags, check_kept, checked_tag, read_tags, write_tags
from mmap_studio.session.listeners import Listeners
from mmap_studio.session.project.saver import PATIENCE_S, Saver
from mmap_studio.storage.opener import MIB

AT_ONCE = MIB
"""Bytes of a file that is read while the window waits; a larger one is read in a thread."""
READING = "those of the project are still being read; try again in a moment."


@dataclass(frozen=True)
class _Read:
    """What a file holds."""

    tags: Tags
    problem: str = ""
    """Why it cannot be used."""
    sentence: str = ""
    """What of it is left out."""


class ImageTags:
    """`give`, `take` and `rename` are all that change them; each is one step of the history."""

    def __init__(self, history: History) -> None:
        self.now = Tags()
        self.changed = Listeners[[]]()
        self._history, self._saver = history, Saver()
        self._folder: Path | None = None
        self._problem = ""
        """Why the file of this project is left as it is; empty where it could be read."""
        self._reading: Future[_Read] | None = None
        """Of a large file."""

    def open(self, folder: Path) -> str:
        """The tags of a project; a sentence where they cannot be read: then there are none, and none are given.

        A large file is read in a thread, and `told` has the sentence.
        """
        self._saver.settle(PATIENCE_S)
        self._folder, self._reading = folder, None
        if _size(folder) <= AT_ONCE:
            return self._take(_read(folder))
        self.now, self._problem, self._reading = Tags(), READING, _begun(folder)
        self.changed()
        return ""

    def give(self, tag: str, images: Mapping[str, Collection[str]], on: bool = True) -> None:
        """Give a tag to images, by task, or take it from them. InputError for a tag that is none."""
        tag = checked_tag(tag) if on else tag
        if self._folder is None:
            raise InputError("No project is open; open one to tag its images.")
        if self._problem:
            raise InputError(f"Images cannot be tagged: {self._problem}")
        if on and tag not in self.now.of and len(self.now.of) >= MOST:
            raise InputError(f"A project has at most {MOST:,} tags; take one from its images first.")
        after, count = self.now.changed(tag, images, on), sum(map(len, images.values()))
        if on:
            check_kept(after, images)
        self._edit(f"{'Tag' if on else 'Untag'} {counted(count, 'image')} {shown(tag)}", after)

    def rename(self, tasks: Mapping[str, str]) -> None:
        """Tasks that have another name now. Waits for tags that are being read: they have the old names."""
        if self._reading is not None:
            self._take(self._reading.result())
        self._edit("Rename tasks of tags", self.now.renamed(tasks))

    def told(self) -> Iterator[str]:
        """Sentences on writes that failed since the last call, and on a file that has been read since."""
        if self._reading is not None and self._reading.done() and (sentence := self._take(self._reading.result())):
            yield sentence
        for error in self._saver.told():
            if error is not None:
                yield f"The tags could not be kept: {error}"

    def settle(self, seconds: float = PATIENCE_S) -> bool:
        """Wait until they are on the disk, at most so long."""
        return self._saver.settle(seconds)

    def _take(self, read: _Read) -> str:
        self._reading, self.now, self._problem = None, read.tags, read.problem
        self.changed()
        return read.problem or read.sentence

    def _edit(self, label: str, after: Tags) -> None:
        before = self.now
        if after == before:
            return
        self._put(after)
        self._history.push(label, lambda: self._put(before), lambda: self._put(after))

    def _put(self, tags: Tags) -> None:
        self.now, folder = tags, self._folder
        if folder is not None:
            self._saver.put(lambda: write_tags(folder, tags))
        self.changed()


def _size(folder: Path) -> int:
    """Bytes of the file; 0 where that cannot be said."""
    try:
        return (folder / FILE).lstat().st_size
    except OSError:
        return 0


def _read(folder: Path) -> _Read:
    said: list[str] = []
    try:
        tags = read_tags(folder, said.append)
    except StudioError as error:
        return _Read(Tags(), problem=str(error))
    return _Read(tags, sentence=" ".join(said))


def _begun(folder: Path) -> "Future[_Read]":
    """Reads in a thread that the end of the program does not wait for."""
    future: Future[_Read] = Future()

    def work() -> None:
        try:
            future.set_result(_read(folder))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, name="mmap-tags", daemon=True).start()
    return future
