import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QMessageBox

from mmap_studio.config import TrainSettings
from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.runtime.job import State
from mmap_studio.session.studio.events import Loading
from mmap_studio.ui.board import menus
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.dialog import FRAME
from mmap_studio.ui.kit.versions import refusal
from mmap_studio.ui.panels.tasks_panel import UNREAD
from mmap_studio.ui.window import board_commands
from mmap_studio.ui.window.error_dialog import tell
from mmap_studio.ui.window.main_window import SIZE
from tests.lazy import imported_later
from tests.ui.scripted import ScriptedEngine, rest

with imported_later():
    import torch


def run(qtbot, window) -> None:
    window.registry["run"].trigger()
    rest(qtbot, window)


def test_the_starter_shows_its_images_at_once(make, qtbot):
    window = make()
    qtbot.waitUntil(lambda: not any(r.preview.isNull() for r in window.views.tasks.model.rows), timeout=30000)
    rows = window.views.tasks.model.rows
    assert [row.name for row in rows][:2] == ["Noto", "Twemoji"]
    assert not any(row.preview.isNull() for row in rows)
    assert "12 train" in rows[0].counts
    assert window.registry["run"].isEnabled()
    assert not window.registry["stop"].isEnabled()
    assert window.views.facts.trained.text() != "–"


def test_a_run_fills_every_view_and_ends_ready_for_the_next(make, qtbot):
    window = make()
    run(qtbot, window)
    assert window.studio.jobs.state is State.DONE
    assert window.studio.known.estimate is not None
    assert len(window.views.results.shown()) == 2
    assert window.views.tasks.model.rows[0].gain is not None
    assert window.registry["run"].isEnabled()
    assert all(window.studio.board.trained(i) for i in range(len(window.studio.board.grouping)))
    window.studio.board.move("Noto", None)
    mine = window.studio.board.grouping
    run(qtbot, window)
    assert window.studio.engine.asked == ["auto", mine.text()]
    assert window.studio.board.grouping == mine


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (lambda: RuntimeError("boom"), "RuntimeError: boom"),
        (lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "lower the batch size"),
        (lambda: RuntimeError("DefaultCPUAllocator: not enough memory: out of memory"), "lower the batch size"),
        (MemoryError, "lower the batch size"),
        (KeyboardInterrupt, "KeyboardInterrupt"),
    ],
    ids=["any", "CUDA memory", "CPU memory", "Python's memory", "Ctrl+C"],
)
def test_a_worker_that_raises_ends_in_failed_with_start_enabled(make, qtbot, error, said):
    error = error()
    window = make(fail=error)
    run(qtbot, window)
    assert window.studio.jobs.state is State.FAILED
    assert window.registry["run"].isEnabled()
    boxes = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
    assert len(boxes) == 1
    assert said in boxes[0].text()
    assert type(error).__name__ in boxes[0].detailedText()
    boxes[0].close()


def test_pause_resume_and_stop_mirror_the_job(make, qtbot):
    window = make(steps=200, seconds=0.005)
    window.registry["run"].trigger()
    qtbot.waitUntil(lambda: window.registry["pause"].isEnabled(), timeout=30000)
    qtbot.waitUntil(lambda: window.status.whole.text().endswith("left"), timeout=30000)
    assert window.status.whole.text().startswith("run ")
    assert "running " in window.header.state.text()
    window.registry["pause"].trigger()
    qtbot.waitUntil(lambda: window.registry["resume"].isEnabled(), timeout=30000)
    assert window.header.buttons["resume"].isVisible()
    window.registry["resume"].trigger()
    qtbot.waitUntil(lambda: window.registry["pause"].isEnabled(), timeout=30000)
    window.registry["stop"].trigger()
    rest(qtbot, window)
    assert window.studio.jobs.state is State.CANCELLED
    assert not window.status.whole.isVisible()
    assert window.registry["run"].isEnabled()


@pytest.mark.parametrize("seed", range(6))
def test_closing_or_stopping_at_any_moment_ends_well(make, qtbot, seed):
    window, rng = make(steps=20, seconds=0.002), random.Random(seed)
    window._may_stop = lambda: True
    window.registry["run"].trigger()
    qtbot.wait(rng.randrange(150))
    if seed % 2:
        window.registry["stop"].trigger()
        rest(qtbot, window)
        assert window.registry["run"].isEnabled()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=30000)
    assert not window.studio.job.busy
    assert window.studio.job.join(0)


def test_tasks_are_renamed_and_removed_once_their_texts_are_counted(make, qtbot):
    window = make()
    first, *others = window.studio.project.file.tasks
    for entries in ([first.model_copy(update={"name": "Emoji"}), *others], others):
        window.studio.edit_tasks("Edit", entries)
        rest(qtbot, window)
        names = [entry.name for entry in entries]
        assert [one.name for one in window.studio.known.tasks] == names
        assert sorted(window.studio.board.tasks) == sorted(names)
        assert window.studio.estimate().memory is not None


def test_settings_that_do_not_fit_are_said_and_not_taken(make):
    window = make()
    window.views.settings._fields["prompt.tokens"].widget.setValue(4)
    before = window.studio.project.settings
    window.views.settings._fields["prompt.source_rows"].widget.setValue(3)
    assert window.studio.project.settings == before
    assert "source_rows must divide" in window.views.settings.problem.text()


def test_presets_and_modified_marks(make):
    window = make()
    form = window.views.settings
    form._fields["train.epochs"].widget.setValue(3)
    assert not form._marks["train.epochs"].isHidden()
    assert form._marks["train.momentum"].isHidden()
    form._marks["train.epochs"].click()
    assert window.studio.project.settings.train.epochs == TrainSettings().epochs
    preset = form._fields["preset"].widget
    preset.setCurrentIndex(preset.findData("paper-size"))
    assert window.studio.project.settings.prompt.tokens == 16
    assert window.studio.project.settings.train.epochs == 20


def test_everything_is_found_again(make, qtbot):
    window = make()
    window.studio.board.move("OpenMoji", None)
    grouping = window.studio.board.grouping
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert make().studio.board.grouping == grouping


def test_every_control_has_a_name_and_a_tooltip(make):
    window = make()
    kinds = QAbstractButton, QComboBox, QAbstractSpinBox
    mine = (window.header, window.views.settings, window.views.tasks, window.welcome)
    controls = [c for part in mine for kind in kinds for c in part.findChildren(kind) if "ScrollBar" not in str(c)]
    assert len(controls) > 30
    assert [c for c in controls if not c.accessibleName()] == []
    assert [c for c in controls if not c.toolTip()] == []


def test_the_heatmap_switches_between_exact_and_first_order_or_offers_to_measure(make, qtbot):
    window = make()
    measured, replay = window.views.heatmap.header.measured, window.views.heatmap.replay
    window.registry["measure"].trigger()
    rest(qtbot, window)
    exact = replay.frames[-1].estimate
    measured.choose("first_order")
    rest(qtbot, window)
    assert measured.key == "exact"
    assert "first-order affinity has not been measured" in window.notice.words.text()
    assert replay.frames[-1].estimate is exact
    window.notice.buttons[0].click()
    qtbot.waitUntil(lambda: measured.key == "first_order", timeout=30000)
    rest(qtbot, window)
    assert replay.frames[-1].estimate is not exact
    assert window.studio.known.estimate is replay.frames[-1].estimate
    measured.choose("exact")
    rest(qtbot, window)
    assert window.studio.project.settings.affinity.order == "exact"
    assert measured.text() == "exact ▾"
    assert replay.frames[-1].estimate is exact
    assert window.notice.isHidden()
    measured.choose("training")
    rest(qtbot, window)
    assert window.studio.project.settings.affinity.how == "training"
    assert "affinity by training has not been measured yet; shown is the exact affinity" in window.notice.words.text()
    window.registry["undo"].trigger()
    assert window.studio.project.settings.affinity.how == "exact"


def test_a_first_window_is_no_taller_than_it_means_to_be_before_its_panels_are_arranged(make):
    window = make(first="")
    assert window.minimumSizeHint().height() <= 480, "a screen of 960x540, less the frame and a bar of the desktop"
    room = window.screen().availableSize() - FRAME
    assert window.height() == min(SIZE.height(), room.height())
    assert window.width() <= SIZE.width()
    assert window.isMaximized() == (SIZE.boundedTo(room) != SIZE)


def test_the_number_of_groups_is_one_wherever_it_is_asked_for(make, qtbot, monkeypatch):
    window = make()
    run(qtbot, window)
    header, board = window.views.board.header, window.studio.board
    assert header.count.currentData() is window.studio.project.settings.grouping.groups is None
    header.count.setCurrentIndex(3)
    header.count.activated.emit(3)
    assert window.studio.project.settings.grouping.groups == 3
    for suggest in (window.registry["suggest"].trigger, header.suggest.click):
        window.registry["together"].trigger()
        suggest()
        qtbot.waitUntil(lambda: len(board.grouping) == 3, timeout=20000)
        rest(qtbot, window)
    monkeypatch.setattr(board_commands, "ask_number", lambda *question: 2)
    window.registry["suggest_k"].trigger()
    qtbot.waitUntil(lambda: len(board.grouping) == 2, timeout=20000)
    assert header.count.currentData() == window.studio.project.settings.grouping.groups == 2
    many = window.studio.project.settings.grouping.model_copy(update={"groups": 9})
    window.studio.set_settings(window.studio.project.settings.model_copy(update={"grouping": many}))
    assert header.count.currentText() == "9 groups"


def test_a_grouping_is_kept_under_a_name_that_is_free(make, monkeypatch):
    window, asked = make(), []
    monkeypatch.setattr(menus, "ask_text", lambda *question: asked.append(question[-1]) or question[-1])
    for do in ("together", "separate"):
        window.registry[do].trigger()
        window.registry["keep"].trigger()
    window.studio.board.forget("Grouping 1")
    window.registry["together"].trigger()
    window.registry["keep"].trigger()
    assert asked == ["Grouping 1", "Grouping 2", "Grouping 1"]
    assert set(window.studio.board.kept) == {"Grouping 1", "Grouping 2"}


def test_it_fits_a_small_laptop_whatever_it_says(make):
    window = make()
    window.header.show_project("A project of many drawing styles and scanners", "ViT-B-16-quickgelu:openai")
    window.header.show_state("running 100 %")
    window.status.show_phase("Looking into /home/somebody/images/of/many/domains/and/more", True)
    window.status.show_whole("run 100 % · 59 min 59 s left")
    window.status.show_note("Every edit is saved as it is made, in /home/somebody/MmAP projects/drawing styles")
    window.studio.board.keep("The grouping that the paper suggests")
    window.resize(1000, 640)
    window.views.heatmap.set_measured("first_order", "Measured with other settings.")
    QApplication.processEvents()
    assert (window.width(), window.height()) == (1000, 640)
    assert "…" in window.header.project.shown


@pytest.mark.parametrize(
    ("backbone", "shown"),
    [
        ("/home/ana/clips/tiny.json", "tiny.json"), ("ViT-B-32:/clips/ours.safetensors", "ViT-B-32:ours.safetensors"),
        ("ViT-B-32-quickgelu:/clips/w.safetensors", "ViT-B-32-quickgelu:w.safetensors"),
        (r"ViT-B-32:C:\clips\w.safetensors", "ViT-B-32:w.safetensors"),
        (r"C:\clips\tiny.json", "tiny.json"), ("ViT-B-32:openai", "ViT-B-32:openai"),
    ],
)  # fmt: skip
def test_the_toolbar_names_a_backbone_without_its_folders(make, backbone, shown):
    header = make(first="").header
    header.show_project("Scanners", backbone)
    assert header.project.text() == f"Scanners · {shown}"
    assert header.project.toolTip() == ("" if shown == backbone else f"Scanners · {backbone}")


def test_themes_switch_while_it_runs(make):
    window = make()
    window.registry["theme_dark"].trigger()
    assert theme.current().dark
    assert window.preferences.text("theme") == "dark"
    window.registry["theme_light"].trigger()
    assert not theme.current().dark


def test_a_qt_that_aborts_is_refused_with_the_remedy():
    assert "pip install" in refusal("6.12.0", (3, 11))
    assert refusal("6.11.3", (3, 11)) == ""
    assert refusal("6.12.0", (3, 12)) == ""


def test_the_keyboard_focus_stays_in_every_state_of_a_run(make, qtbot):
    window = make(steps=40, seconds=0.02)
    buttons, job = window.header.buttons, window.studio.job

    def press(key, then):
        """Press a button with Space; whether the focus is on the button of its place afterwards."""
        qtbot.waitUntil(lambda: buttons[key].usable, timeout=30000)
        buttons[key].setFocus()
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
        qtbot.waitUntil(then, timeout=30000)
        qtbot.wait(100)  # the window hears of it
        return QApplication.focusWidget()

    assert press("run", lambda: job.state is State.RUNNING) is buttons["run"]
    QTest.keyClick(buttons["run"], Qt.Key.Key_Space)  # on what cannot be used now: nothing
    assert job.state is State.RUNNING
    assert press("pause", lambda: job.state is State.PAUSED) is buttons["resume"]
    assert not buttons["pause"].isVisible()
    assert press("resume", lambda: job.state is State.RUNNING) is buttons["pause"]
    assert press("stop", lambda: not job.busy) is buttons["stop"]
    rest(qtbot, window)
    assert QApplication.focusWidget() is buttons["stop"]
    assert buttons["run"].isEnabled()
    QTest.keyClick(buttons["stop"], Qt.Key.Key_Backtab)
    assert not buttons["stop"].isEnabled()  # once it has lost the focus, it is as disabled as its action


def test_the_focus_follows_a_run_that_ends_while_it_is_paused(make, qtbot):
    window = make(steps=40, seconds=0.02)
    window.registry["run"].trigger()
    qtbot.waitUntil(lambda: window.registry["pause"].isEnabled(), timeout=30000)
    window.header.buttons["pause"].setFocus()
    window.registry["pause"].trigger()
    qtbot.waitUntil(lambda: window.header.buttons["resume"].hasFocus(), timeout=30000)
    window.registry["stop"].trigger()
    rest(qtbot, window)
    assert window.header.buttons["pause"].hasFocus()


def test_what_run_trains_stands_beside_it(make, qtbot):
    window = make()
    said = window.header.next
    assert (said.text(), "measures the affinity" in said.toolTip()) == ("suggested groups", True)
    run(qtbot, window)
    assert said.text().endswith(", trained")
    board = window.studio.board
    first, *others = board.grouping.groups
    assert len(others) > 1
    groups = Grouping.of([first, sum(others, ())])
    board.replace(groups)
    rest(qtbot, window)
    assert said.text() == "your groups, 1 of 2 new"
    assert groups.text() in said.toolTip()
    window.registry["together"].trigger()
    assert said.text().startswith("all together")


def test_a_card_moved_while_the_affinity_is_measured_is_honoured(make, qtbot):
    window = make(steps=60, seconds=0.01)
    board = window.studio.board
    window.registry["run"].trigger()
    qtbot.waitUntil(lambda: window.studio.known.estimate is not None, timeout=30000)
    board.move([board.tasks[0]], None)
    mine = board.grouping
    assert window.header.next.text().startswith("your groups")
    rest(qtbot, window)
    assert window.studio.jobs.chosen == mine == board.grouping
    assert set(mine.groups) <= window.studio.engine.trained


def test_the_toolbar_says_how_far_a_run_is(make, qtbot):
    window = make(steps=100, seconds=0.01)
    window.registry["run"].trigger()
    qtbot.waitUntil(lambda: window.header.progress.text().endswith("left"), timeout=30000)
    assert window.header.progress.text().startswith("Measuring affinity · ")
    window.registry["stop"].trigger()
    rest(qtbot, window)
    assert "left" not in window.header.progress.text()
    window.registry["seeds"].trigger()
    qtbot.waitUntil(lambda: window.header.progress.text().endswith("left"), timeout=30000)
    assert window.header.progress.text().startswith("seed 1, 1 of 3 · ")
    window.registry["stop"].trigger()
    rest(qtbot, window)


def test_tasks_whose_images_could_not_be_read_say_so(make, qtbot, monkeypatch):
    def opening(engine, project):
        def work(stop):
            yield Loading("Loading the backbone")
            raise InputError("There is no backbone; download it.")

        return work

    monkeypatch.setattr(ScriptedEngine, "opening", opening)
    window = make()
    rows = window.views.tasks.model.rows
    assert rows
    assert {row.counts for row in rows} == {UNREAD}
    assert window.status.phase.text() == "Failed"
    monkeypatch.undo()
    window.studio.jobs.refresh()
    rest(qtbot, window)
    assert all("train" in row.counts for row in window.views.tasks.model.rows)


def test_a_long_sentence_is_no_larger_than_the_screen_and_can_be_read_in_full(make):
    window = make(first="")
    sentence = "There is no such file. " * 300
    box = tell(window, sentence)
    assert box.text().endswith("…")
    assert box.detailedText() == sentence
    assert box.sizeHint().height() < window.screen().availableSize().height()
    box.close()


def test_a_run_ends_with_a_sentence_and_the_step_that_follows(make, qtbot):
    window = make()
    assert not window.header.step.isVisible()
    run(qtbot, window)
    header, engine = window.header, window.studio.engine
    assert "zero-shot" in header.progress.text()
    assert " ± " in header.progress.text()
    assert not header.state.isVisible()  # "done" says less
    assert header.step.text() == "Repeat with 3 seeds"
    header.step.setFocus()
    asked = len(engine.asked)
    QTest.keyClick(header.step, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.header.buttons["run"].hasFocus(), timeout=30000)  # its button has gone
    qtbot.waitUntil(lambda: len(engine.asked) == asked + 3, timeout=30000)
    rest(qtbot, window)
    assert "3 seeds" in header.progress.text()
    assert header.step.text().startswith("Train the alternatives")
    window.studio.board.move([window.studio.board.tasks[0]], None)
    rest(qtbot, window)
    assert header.progress.text() == ""  # of other groups nothing is known


def test_a_row_of_the_board_can_be_repeated_from_its_menu(make, qtbot):
    window = make()
    run(qtbot, window)
    view = window.views.results
    menus_ = {row.about.on_board: view.row_menu(row) for row in view.model.rows}
    texts = {here: [action.text() for action in menu.actions()] for here, menu in menus_.items()}
    assert "Repeat with 3 seeds" in texts[True]
    assert "Repeat with 3 seeds" not in texts[False]
    asked = len(window.studio.engine.asked)
    next(action for action in menus_[True].actions() if action.text() == "Repeat with 3 seeds").trigger()
    qtbot.waitUntil(lambda: len(window.studio.engine.asked) == asked + 3, timeout=30000)
    rest(qtbot, window)
