"""How images are split: every protocol of the field, for a new project and for one that is open, with a way back."""

import pytest
from PySide6.QtWidgets import QDialog

from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import SplitSettings
from mmap_studio.ui.dialogs.new_dialog import NewDialog
from mmap_studio.ui.dialogs.split_dialog import USED, SplitDialog, SplitField
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import choose
from mmap_studio.ui.kit.fields import MARGIN
from tests.ui.folders import domain, told, wait_for_report
from tests.ui.scripted import rest

PROTOCOLS = (
    {"kind": "auto"}, {"kind": "given"}, {"kind": "fraction", "fractions": (0.5, 0.25, 0.25), "seed": 3},
    {"kind": "shots", "shots": 16, "seed": 2}, {"kind": "share", "share": 0.1}, {"kind": "share", "share": 0.01},
)  # fmt: skip


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda one: one["kind"])
def test_a_protocol_shows_its_own_numbers_and_comes_back_as_it_was(qtbot, protocol):
    wanted = SplitSettings(**protocol)
    field = SplitField(wanted)
    qtbot.addWidget(field)
    assert field.value == wanted
    shown = {name for name in ("train", "val", "shots", "share") if not getattr(field, name).isHidden()}
    assert shown == set(USED[wanted.kind])


def test_finer_shares_of_a_file_stay_until_they_are_changed(qtbot):
    third = SplitSettings(kind="fraction", fractions=(1 / 3, 1 / 3, 1 / 3))
    field = SplitField(third)
    qtbot.addWidget(field)
    assert field.value == third
    field.train.setValue(80)
    assert field.val.value() == 19  # an image in a hundred is left to test on
    assert field.value.fractions == pytest.approx((0.8, 0.19, 0.01))


@pytest.mark.parametrize(
    "beyond",
    [
        {"kind": "fraction", "fractions": (0.99, 0.005, 0.005)}, {"kind": "share", "share": 1 / 3},
        {"kind": "share", "share": 0.0005}, {"kind": "shots", "seed": 2**33},
    ],
    ids=str,
)  # fmt: skip
def test_what_the_numbers_cannot_show_stays_when_nobody_changes_it(qtbot, beyond):
    wanted = SplitSettings(**beyond)
    field = SplitField(wanted)
    qtbot.addWidget(field)
    assert field.value == wanted
    field.seed.setValue(7)
    assert field.value == wanted.model_copy(update={"seed": 7})


def test_numbers_have_the_room_of_the_texts_beside_them_and_are_whole(qtbot, qapp):
    theme.apply("light")
    for kind, changes in (("fraction", {}), ("shots", {"shots": 10_000}), ("share", {"share": 0.005})):
        field = SplitField(SplitSettings(kind=kind, **changes))
        qtbot.addWidget(field)
        field.show()
        lines = [getattr(field, name).lineEdit() for name in (*USED[kind], "seed")]
        assert {(line.textMargins().left(), line.textMargins().right()) for line in lines} == {(MARGIN, MARGIN)}
        words = [line.fontMetrics().horizontalAdvance(line.text()) + 2 * MARGIN for line in lines]
        assert all(wanted < line.width() for wanted, line in zip(words, lines, strict=True))


def test_a_new_project_has_the_split_that_was_chosen(make, qtbot, data, tmp_path, monkeypatch):
    window = make(first=None)

    def answer(dialog) -> int:
        dialog.home.setText(str(tmp_path / "made"))
        choose(dialog.split.kind, "shots")
        dialog.split.shots.setValue(2)
        dialog.split.seed.setValue(3)
        dialog.accept()
        return dialog.result()

    monkeypatch.setattr(NewDialog, "exec", answer)
    window.import_commands.ask_new([str(data)])
    wait_for_report(qtbot).close()
    split = Project.open(tmp_path / "made").file.split
    assert (split.kind, split.shots, split.seed, split.identity) == ("shots", 2, 3, "auto")
    rest(qtbot, window)


def test_a_given_split_that_nobody_gives_makes_no_project(make, qtbot, tmp_path):
    window = make(first=None)
    domain(tmp_path, "bare")
    window.import_commands.new([str(tmp_path / "bare")], str(tmp_path / "made"), split=SplitSettings(kind="given"))
    assert "domain 'bare' was read without; choose another split" in told(qtbot).text()
    assert not (tmp_path / "made").exists()
    domain(tmp_path, "whole", split="train")
    domain(tmp_path, "whole", split="test")
    window.import_commands.new([str(tmp_path / "whole")], str(tmp_path / "made"), split=SplitSettings(kind="given"))
    wait_for_report(qtbot).close()
    assert Project.open(tmp_path / "made").file.split.kind == "given"
    rest(qtbot, window)


def test_another_split_is_one_step_and_the_tasks_are_read_again(make, qtbot, data, tmp_path, monkeypatch):
    window = make(first=None)
    window.import_commands.new([str(data)], str(tmp_path / "made"))
    wait_for_report(qtbot).close()
    rest(qtbot, window)
    opened = len(window.studio.engine.opened)

    def answer(dialog) -> int:
        choose(dialog.field.kind, "share")
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(SplitDialog, "exec", answer)
    window.registry["split"].trigger()
    rest(qtbot, window)
    assert Project.open(tmp_path / "made").file.split.kind == "share"
    assert [one.file.split.kind for one in window.studio.engine.opened[opened:]] == ["share"]
    window.registry["undo"].trigger()
    rest(qtbot, window)
    assert Project.open(tmp_path / "made").file.split.kind == "auto"
    window.registry["redo"].trigger()
    rest(qtbot, window)
    assert window.studio.engine.opened[-1].file.split.kind == "share"


def test_a_saved_split_is_drawn_again_with_the_next_seed(make, qtbot, data, tmp_path, monkeypatch):
    window, offered = make(first=None), []
    window.import_commands.new([str(data)], str(tmp_path / "made"))
    wait_for_report(qtbot).close()
    rest(qtbot, window)

    def answer(dialog) -> int:
        for kind in ("given", "fraction"):
            choose(dialog.field.kind, kind)
            offered.append(dialog.again.isEnabled())
        dialog.again.click()
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(SplitDialog, "exec", answer)
    window.registry["split"].trigger()
    rest(qtbot, window)
    assert offered == [False, True]
    split = Project.open(tmp_path / "made").file.split
    assert (split.kind, split.seed) == ("fraction", 2)
    assert window.studio.engine.opened[-1].file.split.seed == 2


def test_the_starter_can_be_split_too(make, qtbot, monkeypatch):
    window = make()
    rest(qtbot, window)

    def answer(dialog) -> int:
        choose(dialog.field.kind, "shots")
        dialog.field.shots.setValue(4)
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(SplitDialog, "exec", answer)
    window.registry["split"].trigger()
    rest(qtbot, window)
    split = window.studio.engine.opened[-1].file.split
    assert (split.kind, split.shots) == ("shots", 4)
    window.registry["undo"].trigger()
    rest(qtbot, window)
    assert window.studio.engine.opened[-1].file.split == SplitSettings()


@pytest.mark.parametrize("identity", ["auto", "stem", "none", None])
def test_what_a_subject_is_comes_back_as_it_was_and_old_projects_keep_theirs(qtbot, identity):
    field = SplitField(SplitSettings(identity=identity))
    qtbot.addWidget(field)
    assert field.value.identity == identity
    assert (field.identity.findData("") >= 0) == (identity is None)  # no new project splits every task by itself
    choose(field.identity, "stem")
    assert field.value.identity == "stem"


def test_a_share_of_which_all_the_rest_is_test_is_a_choice(qtbot):
    field = SplitField()
    qtbot.addWidget(field)
    choose(field.kind, "share-test")
    field.share.setValue(5)
    assert (field.value.kind, field.value.share, field.value.rest) == ("share", 0.05, "test")
    choose(field.kind, "share")
    assert field.value.rest == "val"


def test_a_project_opened_meanwhile_does_not_get_the_split_of_another(make, qtbot, data, tmp_path, monkeypatch):
    window = make(first=None)
    for name in ("one", "two"):
        window.import_commands.new([str(data)], str(tmp_path / name))
        wait_for_report(qtbot).close()
        rest(qtbot, window)

    def answer(dialog) -> int:
        choose(dialog.field.kind, "shots")
        window.open(str(tmp_path / "one"))
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(SplitDialog, "exec", answer)
    with qtbot.captureExceptions() as raised:
        window.registry["split"].trigger()
    assert "'two' was left" in str(raised[0][1])
    rest(qtbot, window)
    assert {Project.open(tmp_path / name).file.split.kind for name in ("one", "two")} == {"auto"}


def test_classes_too_small_to_be_validated_are_said_while_the_split_is_chosen(qtbot):
    field = SplitField(SplitSettings())
    qtbot.addWidget(field)
    assert "fewer than 4 images has no validation images" in field.validation.text()
    field.val.setValue(0)
    assert field.validation.text().startswith("No class has validation images: ")
    choose(field.kind, "shots")
    assert "fewer than 18 images" in field.validation.text()
    field.shots.setValue(2)
    assert "fewer than 4 images" in field.validation.text()
    choose(field.kind, "given")
    assert field.validation.text() == ""
