"""A data set of the hub in the window: looked up, downloaded, taken into a new project."""

import pytest
from PySide6.QtWidgets import QDialog

from mmap_studio.ui.dialogs import new_dialog
from mmap_studio.ui.dialogs.hub_dialog import HubDialog
from mmap_studio.ui.dialogs.new_dialog import NewDialog
from tests.session.hub_data_sets.data_hub import COMMIT, serving
from tests.session.ingest.published import domains


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Start a hub that has a data set."""
    yield from serving(tmp_path, monkeypatch)


@pytest.fixture
def dialog(qtbot):
    made = HubDialog()
    qtbot.addWidget(made)
    made.show()
    return made


def type_name(qtbot, dialog, text):
    dialog.name.clear()
    qtbot.keyClicks(dialog.name, text)


def test_it_is_looked_up_before_it_is_downloaded(qtbot, dialog, serve, tmp_path):
    server = serve(domains("Art", "Clip"))
    assert (dialog.look.isEnabled(), dialog.fetch.isEnabled()) == (False, False)
    type_name(qtbot, dialog, "owner/pets")
    dialog.look.click()
    qtbot.waitUntil(lambda: dialog.fetch.isEnabled(), timeout=20000)
    assert "hf:owner/pets: 8 files" in dialog.note.text()
    assert "licence: cc-by-4.0" in dialog.note.text()
    assert not any("/resolve/" in path for _, path, _ in server.do.requests)
    dialog.fetch.click()
    qtbot.waitUntil(lambda: dialog.result() == QDialog.DialogCode.Accepted, timeout=20000)
    assert dialog.path == str(tmp_path / "kept" / "owner" / "pets" / COMMIT / "pets")


def test_what_is_here_already_is_taken_at_once(qtbot, dialog, serve, monkeypatch):
    server = serve(domains("Art", "Clip"))
    type_name(qtbot, dialog, "hf:owner/pets")
    dialog.look.click()
    qtbot.waitUntil(lambda: dialog.fetch.isEnabled(), timeout=20000)
    dialog.fetch.click()
    qtbot.waitUntil(lambda: dialog.path != "", timeout=20000)
    server.do.requests.clear()
    again = HubDialog()
    qtbot.addWidget(again)
    type_name(qtbot, again, "owner/pets")
    again.look.click()
    qtbot.waitUntil(lambda: again.path == dialog.path, timeout=20000)
    assert server.do.requests == []


def test_refusals_are_said_and_another_name_forgets_them(qtbot, dialog, serve):
    serve(domains("Art"), head_status=404)
    type_name(qtbot, dialog, "owner")
    dialog.look.click()
    assert "must be hf:OWNER/NAME" in dialog.note.text()
    type_name(qtbot, dialog, "owner/pets")
    assert "OWNER/NAME/FOLDER" in dialog.note.text()
    dialog.look.click()
    qtbot.waitUntil(lambda: "it has no such file (404)" in dialog.note.text(), timeout=20000)
    assert not dialog.fetch.isEnabled()


def test_a_new_project_takes_it(qtbot, monkeypatch, tmp_path):
    monkeypatch.setattr(new_dialog, "accepted", lambda dialog: True)
    monkeypatch.setattr(HubDialog, "path", str(tmp_path / "pets"), raising=False)
    monkeypatch.setattr(HubDialog, "__init__", lambda self, parent=None: QDialog.__init__(self, parent))
    made = NewDialog()
    qtbot.addWidget(made)
    made.hub_button.click()
    assert made.folders == [str(tmp_path / "pets")]
