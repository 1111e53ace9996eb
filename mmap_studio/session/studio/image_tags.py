"""The tags of the open project's images: read when it is opened, written as they are edited, undone with all else."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from mmap_studio.errors import InputError, StudioError
from mmap_studio.formatting import counted, shown
from mmap_studio.session.board.history import History
from mmap_studio.session.gallery.tags import MOST, Tags, checked_tag, read_tags, write_tags
from mmap_studio.session.listeners import Listeners
from mmap_studio.session.project.saver import PATIENCE_S, Saver


class ImageTags:
    """`give`, `take` and `rename` are all that change them; each is one step of the history."""

    def __init__(self, history: History) -> None:
        self.now = Tags()
        self.changed = Listeners[[]]()
        self._history, self._saver = history, Saver()
        self._folder: Path | None = None
        self._problem = ""
        """Why the file of this project is left as it is; empty where it could be read."""

    def open(self, folder: Path) -> str:
        """The tags of a project; a sentence where they cannot be read: then there are none, and none are given."""
        self._saver.settle(PATIENCE_S)
        self._folder, self.now, self._problem = folder, Tags(), ""
        try:
            self.now = read_tags(folder)
        except StudioError as error:
            self._problem = str(error)
        self.changed()
        return self._problem

    def give(self, tag: str, images: Mapping[str, Collection[str]], on: bool = True) -> None:
        """Give a tag to images, by task, or take it from them. InputError for a tag that is none."""
        tag = checked_tag(tag)
        if self._folder is None:
            raise InputError("No project is open; open one to tag its images.")
        if self._problem:
            raise InputError(f"Images cannot be tagged: {self._problem}")
        if on and tag not in self.now.of and len(self.now.of) >= MOST:
            raise InputError(f"A project has at most {MOST:,} tags; take one from its images first.")
        after, count = self.now.changed(tag, images, on), sum(map(len, images.values()))
        self._edit(f"{'Tag' if on else 'Untag'} {counted(count, 'image')} {shown(tag)}", after)

    def rename(self, tasks: Mapping[str, str]) -> None:
        """Tasks that have another name now."""
        self._edit("Rename tasks of tags", self.now.renamed(tasks))

    def told(self) -> Iterator[str]:
        """Sentences on writes that failed since the last call."""
        for error in self._saver.told():
            if error is not None:
                yield f"The tags could not be kept: {error}"

    def settle(self, seconds: float = PATIENCE_S) -> bool:
        """Wait until they are on the disk, at most so long."""
        return self._saver.settle(seconds)

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
