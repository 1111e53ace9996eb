"""The chooser of backbones: what it shows, what its buttons allow, and a download in it."""

import threading

import pytest
from PySide6.QtWidgets import QDialog, QFileDialog

from mmap_studio.session.backbones.architectures import architectures
from mmap_studio.session.backbones.catalogue import BackboneOption, estimate
from mmap_studio.session.backbones.pretrained import find_pretrained
from mmap_studio.session.download.transfer import Downloaded, Downloading
from mmap_studio.ui.dialogs import backbone_dialog
from mmap_studio.ui.dialogs.backbone_dialog import BackboneDialog

SIZE = 600_000_000


@pytest.fixture
def dialog(qtbot, tmp_path):
    known = {one.name: one for one in architectures()}
    weights = [find_pretrained("ViT-B-32", "openai"), find_pretrained("ViT-B-16", "laion2b_s34b_b88k")]
    here = tmp_path / "open_clip_model.safetensors"
    with here.open("wb") as file:
        file.truncate(SIZE)
    starter = known["starter"]
    choices = [BackboneOption("starter", starter, None, None, estimate(starter, 1e10))]
    for one, place in zip(weights, (None, here), strict=True):
        about = known[one.architecture]
        choices.append(BackboneOption(one.name, about, one, place, estimate(about, 1e10)))
    made = BackboneDialog("starter")
    qtbot.addWidget(made)
    made.show()
    made.show_choices(choices)
    return made


def select(dialog, text):
    dialog.search.setText(text)
    dialog.table.selectRow(0)


def test_the_backbone_in_use_is_selected_and_finding_narrows(dialog):
    assert dialog.current.name == "starter"
    select(dialog, "b-32")
    assert dialog._shown.rowCount() == 1
    assert dialog.current.name == "ViT-B-32-quickgelu:openai"
    assert dialog._shown.index(0, 1).data() == "Apache-2.0"


def test_only_what_is_here_can_be_used_and_only_what_is_not_fetched(dialog):
    select(dialog, "b-32")
    assert (dialog.use.isEnabled(), dialog.fetch.isEnabled()) == (False, True)
    select(dialog, "b-16")
    assert (dialog.use.isEnabled(), dialog.fetch.isEnabled()) == (True, False)
    dialog.use.click()
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert dialog.chosen == "ViT-B-16:laion2b_s34b_b88k"


def test_the_size_of_a_file_is_said_and_guessed_where_the_file_is_not_here(dialog):
    assert [dialog._shown.index(row, 6).data() for row in range(3)] == ["–", "~605 MB", "600 MB"]


def test_what_a_backbone_takes_is_a_column_and_what_it_does_not_is_said(dialog):
    known = {one.name: one for one in architectures()}
    made = [BackboneOption(name, known[name], None, None, estimate(known[name], 1e10)) for name in ("RN50", "ViT-B-16")]
    dialog.show_choices(made)
    shown = {dialog._shown.index(row, 0).data(): dialog._shown.index(row, 3) for row in range(2)}
    assert {name: cell.data() for name, cell in shown.items()} == {"RN50": "text", "ViT-B-16": "image and text"}
    assert "its image tower is a ResNet" in shown["RN50"].data(backbone_dialog.Qt.ItemDataRole.ToolTipRole)
    select(dialog, "RN50")
    assert dialog.note.text().startswith("Backbone 'RN50' takes text prompts only: its image tower is a ResNet.")
    select(dialog, "ViT-B-16")
    assert dialog.note.text().startswith("In use: starter.")


def test_sizes_sort_as_numbers(dialog):
    dialog.table.sortByColumn(4, backbone_dialog.Qt.SortOrder.DescendingOrder)
    names = [dialog._shown.index(row, 0).data() for row in range(3)]
    assert names == ["ViT-B-32-quickgelu:openai", "ViT-B-16:laion2b_s34b_b88k", "starter"]


def test_a_download_shows_its_bytes_and_makes_the_backbone_usable(dialog, qtbot, monkeypatch, tmp_path):
    name = "ViT-B-32-quickgelu:openai"
    go_on = threading.Event()

    def fetch(one, stop):
        yield Downloading(one.name, "hub.example", SIZE // 2, SIZE)
        while not go_on.is_set():
            stop()
            yield Downloading(one.name, "hub.example", SIZE // 2, SIZE)
        (tmp_path / "w").write_bytes(bytes(2_000_000))
        yield Downloaded(one.name, tmp_path / "w")

    monkeypatch.setattr(backbone_dialog, "download", fetch)
    select(dialog, "b-32")
    dialog.fetch.click()
    qtbot.waitUntil(lambda: dialog.bar.text() == "300 MB of 600 MB from hub.example")
    assert dialog.stop.isVisible()
    go_on.set()
    qtbot.waitUntil(lambda: dialog.use.isEnabled())
    assert dialog.current.name == name
    assert [dialog._shown.index(0, column).data() for column in (2, 6)] == ["yes", "2.0 MB"]
    assert str(tmp_path / "w") in dialog.note.text()


def test_a_download_can_be_stopped_and_closing_stops_it(dialog, qtbot, monkeypatch):
    def fetch(one, stop):
        while True:
            stop()
            yield Downloading(one.name, "hub.example", 1, SIZE)

    monkeypatch.setattr(backbone_dialog, "download", fetch)
    select(dialog, "b-32")
    for end in (dialog.stop.click, dialog.reject):
        qtbot.waitUntil(lambda: dialog.fetch.isEnabled())
        dialog.fetch.click()
        qtbot.waitUntil(lambda: dialog._job.state.value == "running")
        end()
        qtbot.waitUntil(lambda: not dialog._job.busy)
    assert "the next download continues from there" in dialog.note.text()


def test_a_config_of_ones_own_needs_no_line_and_weights_say_that_they_need_one(qtbot, monkeypatch, tmp_path):
    dialog = BackboneDialog("starter")
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.file.isEnabled()  # before the list is there, and where it cannot be made
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (str(tmp_path / "mine.pt"), ""))
    dialog.file.click()
    assert "Select the architecture of" in dialog.note.text()
    assert dialog.isVisible()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (str(tmp_path / "mine.json"), ""))
    dialog.file.click()
    assert (dialog.chosen, dialog.isVisible()) == (str(tmp_path / "mine.json"), False)
