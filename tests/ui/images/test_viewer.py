"""An image of the gallery, large: all of its file, what is known of it, where it lies, and on to the next."""

import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication

from mmap_studio.data.images.image_sets import ArrayImages
from mmap_studio.method.task import TaskSpec
from mmap_studio.ui.images.viewer import Viewer
from tests.lazy import imported_later
from tests.ui.image_tasks import CLASSES, evaluation
from tests.ui.scripted import rest

with imported_later():
    from mmap_studio.session.dataset.pixels import DecodedImages


N, WIDE = 3, (60, 20)


@pytest.fixture
def files(tmp_path):
    """Two images, and one that an archive would hold."""
    for name in ("0.png", "1.png"):
        Image.new("RGB", WIDE, (200, 30, 30)).save(tmp_path / name)
    (tmp_path / "all.zip").touch()
    return [tmp_path / "0.png", tmp_path / "1.png", tmp_path / "all.zip" / "2.png"]


def from_files(files) -> TaskSpec:
    whole = ArrayImages(np.zeros((N, 8, 8, 3), np.uint8), np.arange(N))
    part = DecodedImages(whole, np.zeros((N, 32), np.uint8), np.arange(N), np.arange(N), "art", files)
    return TaskSpec("art", CLASSES, part, part, part)


@pytest.fixture
def viewer(make, qtbot, files):
    window = make()
    gallery = window.views.gallery
    gallery.show_tasks([from_files(files)])
    gallery.show_results({"run": {"art": evaluation((1,), N)}})
    gallery.open("art", "run")
    window.views.show_view(gallery)
    gallery.grid.go(0)
    qtbot.keyClick(gallery.grid, Qt.Key.Key_Return)
    yield next(one for one in window.findChildren(Viewer))
    rest(qtbot, window)


def size(viewer) -> QSize:
    return viewer.image._image.size()


def test_all_of_the_file_is_shown_and_what_is_known_of_it(viewer, qtbot, files):
    assert viewer.isVisible()
    assert viewer.facts.text() == "art, test 0: fox, predicted fox, correct with 10 %"
    qtbot.waitUntil(lambda: size(viewer) == QSize(*WIDE))
    assert viewer.file.text() == f"{files[0]}, 60 × 20 pixels"
    assert not viewer.before.isEnabled()
    qtbot.keyClick(viewer, Qt.Key.Key_Escape)
    assert not viewer.isVisible()


def test_arrows_go_on_in_gallery_and_viewer_and_end_at_the_last(viewer, qtbot, files):
    qtbot.keyClick(viewer, Qt.Key.Key_Right)
    assert viewer.grid.place() == 1
    assert "test 1: cat, predicted dog, wrong" in viewer.facts.text()
    qtbot.keyClick(viewer, Qt.Key.Key_Right)
    qtbot.keyClick(viewer, Qt.Key.Key_Right)
    assert viewer.grid.place() == 2
    assert not viewer.after.isEnabled()
    qtbot.waitUntil(lambda: "in an archive" in viewer.file.text())
    assert size(viewer) == QSize(8, 8)
    qtbot.keyClick(viewer, Qt.Key.Key_Left)
    assert viewer.path == files[1]
    viewer.shut.click()


def test_its_path_is_copied_and_its_folder_opened(viewer, monkeypatch, files):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    viewer.copy.click()
    assert QGuiApplication.clipboard().text() == str(files[0])
    viewer.folder.click()
    viewer.grid.go(2)
    viewer.folder.click()
    assert opened == [str(files[0].parent)] * 2
    viewer.shut.click()


def test_a_file_that_went_or_cannot_be_read_is_said_and_the_image_stays(viewer, qtbot, files):
    for change in (lambda: files[1].write_text("no image"), files[1].unlink):
        change()
        viewer.grid.go(0)
        viewer.grid.go(1)
        qtbot.waitUntil(lambda: viewer.file.text() != str(files[1]))
        assert viewer.file.text().startswith(f"{files[1]}, as the backbone sees it: ")
        assert size(viewer) == QSize(8, 8)
    viewer.shut.click()


def test_a_file_is_read_beside_the_window_and_not_waited_for_when_it_closes(viewer, qtbot, monkeypatch):
    go, where = threading.Event(), []

    def slow(path):
        where.append(threading.current_thread())
        go.wait(10)

    monkeypatch.setattr("mmap_studio.session.dataset.image_files.original", slow)
    viewer.grid.go(1)
    qtbot.waitUntil(lambda: bool(where))
    viewer.shut.click()
    go.set()
    where[0].join(10)
    assert where[0] is not threading.main_thread()


def test_images_of_the_starter_have_no_file(make, qtbot):
    window = make()
    grid = window.views.gallery.grid
    window.views.show_view(window.views.gallery)
    grid.go(0)
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    viewer = window.findChild(Viewer)
    assert viewer.file.text() == "Ships with the studio; shown as the backbone sees it."
    assert not viewer.copy.isEnabled()
    assert not viewer.folder.isEnabled()
    viewer.shut.click()
