"""Commands of the gallery: searches in another thread, tags that are undone like every edit."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from mmap_studio.errors import StudioError
from mmap_studio.session.explore.selection import ImageRef
from mmap_studio.session.gallery.finding import Found
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.images.view import GalleryView
from mmap_studio.ui.kit.questions import ask_text


class GalleryCommands:
    """Carries out what the gallery asks for.

    tell : says a sentence in the status bar   show : brings the gallery to the front
    """

    def __init__(
        self, studio: Studio, gallery: GalleryView, background: BackgroundRunner, tell: Callable[[str], object],
        show: Callable[[QWidget], object], parent: QWidget,
    ) -> None:  # fmt: skip
        self._studio, self._gallery, self._background = studio, gallery, background
        self._tell, self._show, self._parent = tell, show, parent
        self._drop: Callable[[], None] = lambda: None
        """Forgets the search under way."""
        self.actions: dict[str, Callable[[], object]] = {"search_images": self.focus_search}
        gallery.search_wanted.connect(self.search)
        gallery.tasks_shown.connect(self._forget)
        gallery.tags_wanted.connect(self.ask_tag)
        gallery.tag_changed.connect(self.give)
        studio.tags.changed.listen(lambda: gallery.show_tags(studio.tags.now))
        gallery.show_tags(studio.tags.now)

    def focus_search(self) -> None:
        """Put the cursor into the search line."""
        self._show(self._gallery)
        self._gallery.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._gallery.search.selectAll()

    def search(self, what: str | ImageRef) -> None:
        """Look for images by a text, or like one of them; for an empty text show all."""
        self._forget()
        if not what:
            self._gallery.show_found(None)
            return
        try:
            work = self._studio.finding(what)
        except StudioError as error:
            self._refused(error)
            return
        self._gallery.show_search(f"“{what}”" if isinstance(what, str) else "similar images")
        self._drop = self._background.run(work, self._found, self._refused)

    def _forget(self) -> None:
        """Wait for no search any more."""
        self._drop()
        self._drop = lambda: None

    def _found(self, found: Found) -> None:
        self._gallery.show_found(found)
        self._tell("")

    def _refused(self, error: BaseException) -> None:
        self._gallery.show_found(None)
        self._tell(str(error) if isinstance(error, StudioError) else f"The search failed: {error}")

    def ask_tag(self, images: Sequence[ImageRef]) -> None:
        """Ask for a tag, and give it to these images."""
        what = "this image" if len(images) == 1 else f"these {len(images):,} images"
        tag = ask_text(self._parent, "Tag", f"Tag of {what}:")
        if tag is not None:
            self.give(images, tag, True)

    def give(self, images: Sequence[ImageRef], tag: str, on: bool) -> None:
        """Give a tag to images, or take it from them."""
        try:
            self._studio.tags.give(tag, self._gallery.by_task(images), on)
        except StudioError as error:
            self._tell(str(error))
