"""Every view as it should look, in light and in dark."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtGui import QAction, QFont, QKeySequence, QPixmap
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mmap_studio.config import settings_from
from mmap_studio.errors import DataError
from mmap_studio.method.affinity.meter import AffinityMeter
from mmap_studio.method.grouping.evidence import suggested_grouping
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.board.board import Board
from mmap_studio.session.compare.live import events as live
from mmap_studio.session.compare.live.evidence import evidence
from mmap_studio.session.compare.live.ledger import Ledger
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.options import parse_amounts
from mmap_studio.session.compare.remaining import Ahead
from mmap_studio.session.estimates.eta import Pace
from mmap_studio.session.explore.projection import Placement
from mmap_studio.session.explore.selection import ImageRef, Selection
from mmap_studio.session.gallery.finding import Found
from mmap_studio.session.gallery.tags import Tags, names_of
from mmap_studio.session.ingest.report import import_report
from mmap_studio.session.project.places import STARTER
from mmap_studio.session.results.table import Outcome
from mmap_studio.session.runs.about import RunAbout
from mmap_studio.session.runs.differences import SettingDifference
from mmap_studio.session.runs.listing import RunEntry
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.studio.next_run import NextRun
from mmap_studio.session.sweep.trial import SweepTrial
from mmap_studio.storage.runs import RunFolder
from mmap_studio.ui.actions.catalogue import ACTIONS
from mmap_studio.ui.affinity.view import HeatmapView
from mmap_studio.ui.board.view import BoardView
from mmap_studio.ui.compare.table import entries
from mmap_studio.ui.compare.view import CompareView, Shown
from mmap_studio.ui.curves.view import CurvesView
from mmap_studio.ui.dialogs.import_dialog import ImportDialog
from mmap_studio.ui.dialogs.sweep_dialog import SweepDialog
from mmap_studio.ui.explain.why_view import WhyView
from mmap_studio.ui.images.thumbnails import to_pixmap
from mmap_studio.ui.images.view import GalleryView
from mmap_studio.ui.kit import icons, theme
from mmap_studio.ui.map.view import MapView
from mmap_studio.ui.panels.log_text import Level
from mmap_studio.ui.panels.log_view import LogView
from mmap_studio.ui.panels.settings import SettingsForm
from mmap_studio.ui.panels.tasks_panel import TaskRow, TasksPanel
from mmap_studio.ui.results.confusion_matrix import ConfusionMatrix
from mmap_studio.ui.results.confusion_view import ConfusionView
from mmap_studio.ui.results.view import ResultsView
from mmap_studio.ui.runs.view import RunsView
from mmap_studio.ui.window import error_dialog
from mmap_studio.ui.window.header import Header
from mmap_studio.ui.window.status import StatusLine
from mmap_studio.ui.window.welcome import Welcome
from tests.data.trees import domain, grow
from tests.session.compare.made_up import comparison
from tests.session.explore.test_projection import features
from tests.ui import golden, scripted_trials
from tests.ui.image_tasks import Plain, evaluation, task

TASKS = ("Art", "Clip art", "Photo", "Scan of ink")
GROUPS = Grouping.of([TASKS[:2], TASKS[2:]])


def heatmap(n: int = 4) -> HeatmapView:
    """Measured five times: cells of both signs, some not certain, one not measured at all."""
    tasks = TASKS if n == len(TASKS) else tuple(f"task {k}" for k in range(n))
    values = np.add.outer(np.arange(n), 2 * np.arange(n)) % 7 / 5 - 0.6
    np.fill_diagonal(values, 1)
    values[0, 1] = np.nan
    meter = AffinityMeter(tasks)
    for time in range(5):
        meter.update(values + 0.06 * (time - 2))
    view = HeatmapView()
    view.set_grouping(Grouping.of([tasks[: n // 2], tasks[n // 2 :]]))
    for step in (10, 20):
        view.append(meter.snapshot(), step, 50)
    view.draw()
    view.light(tasks[1:2])
    view.plot.point(2, 3)
    return view


def board() -> BoardView:
    """Two groups, one of them trained, a card locked and one selected."""
    held = Board()
    held.reset(GROUPS)
    held.set_affinity(np.linspace(-0.4, 0.9, 16).reshape(4, 4), TASKS)
    held.lock(["Photo"], True)
    held.set_trained([frozenset(TASKS[:2])])
    view = BoardView(held, BackgroundRunner())
    view.set_scores(dict(zip(TASKS, (0.82, 0.71, 0.9, 0.655), strict=True)), dict.fromkeys(TASKS, 0.71))
    view.picked.pick("Clip art", TASKS)
    view.redraw()
    return view


def why() -> WhyView:
    """Ten measurements: cells that speak for the groups, against them, and within noise; and evidence."""
    measured = np.linspace(-0.4, 0.9, 16).reshape(4, 4) + np.linspace(-0.5, 0.5, 10)[:, None, None]
    held = Board()
    held.reset(GROUPS)
    held.set_affinity(measured.mean(axis=0), TASKS, 0.0, lambda: measured)
    found = suggested_grouping(measured.mean(axis=0), measured, TASKS)
    held.set_suggested(found.grouping, found.evidence)
    view = WhyView(held, BackgroundRunner())
    view.look(True)
    return view


def curves() -> CurvesView:
    view = CurvesView()
    view.begin_run(TASKS)
    for step in range(1, 31):
        losses = {name: 2 / step + 0.1 * k + 0.05 * (step % 3) for k, name in enumerate(TASKS)}
        scores = {name: 0.5 + step / 100 + 0.03 * k for k, name in enumerate(TASKS)}
        group = SimpleNamespace(validation=(scores,)) if step % 10 == 0 else None
        report = SimpleNamespace(losses=losses, step=step, epoch=step // 10, group=group)
        view.add_step(SimpleNamespace(phase="training", report=report, note=""))
    view.resize(*VIEWS["curves"][1:])  # the values are drawn for the size that they are seen at
    view.redraw()
    return view


def results() -> ResultsView:
    view = ResultsView()
    view.show_tasks(["art", "ink"])
    wrong = {"zero_shot": (0, 1, 2), "run": (0,), "linear_probe": (0, 1, 2, 3)}
    view.show_outcomes(
        [Outcome(one, {name: evaluation(at) for name in ("art", "ink")}, 10 ** at[-1]) for one, at in wrong.items()]
    )
    return view


def confusion() -> ConfusionView:
    view = ConfusionView(Selection())
    view.show_tasks([task("art"), task("ink")])
    view.show_results({"zero_shot": {"art": evaluation((0, 3, 1))}})
    return view


def confusion_126() -> ConfusionMatrix:
    matrix, n = ConfusionMatrix(), 126
    counts = 9 * np.eye(n, dtype=np.int64) + (np.add.outer(np.arange(n), np.arange(n)) % 29 == 0)
    matrix.show_matrix(counts, [f"class {k}" for k in range(n)], np.arange(n))
    return matrix


def gallery() -> GalleryView:
    selection = Selection()
    view = GalleryView(selection)
    view.show_tasks([task("art"), task("ink")])
    view.show_results({"run": {"art": evaluation((0, 1))}})
    view.open("art", "run")
    for place in range(9):
        view.thumbnails._keep(view.grid.grid.items.image(place), to_pixmap(Plain().pixels([25 * place])[0]))
    view._mark([4])
    view.grid.go(1)
    return view


def gallery_found() -> GalleryView:
    """A search, with a tag."""
    view = gallery()
    view.selection.clear()
    scores = np.array([(7 * k % 9) / 30 for k in range(9)], np.float32)
    names = names_of(task("art"), "test")
    view.show_tags(Tags().changed("odd", {"art": names[1:3]}, True).changed("blurred", {"art": names[:1]}, True))
    view.search.setText("a red car")
    view.show_found(Found("“a red car”", {("art", "test"): scores}))
    view.grid.go(view.grid.grid.items.find(ImageRef("art", "test", 1)))
    return view


def shown_map(empty: bool = False) -> MapView:
    """Points placed by hand: two tasks, two classes, as many right as wrong."""
    found = features()
    at = np.array([(k % 8, k // 8) for k in range(40)], dtype=float)
    texts = np.array([(1.5, 1.5), (5.5, 3.5)])
    placed = Placement("pca", at, at @ np.array([[0.8, 0.3], [-0.3, 0.8]]), texts, texts)
    view = MapView(background=lambda work, done, failed, interruptible: done(placed))
    if not empty:
        said = np.arange(40) // 20
        view.show_features(replace(found, predictions_before=said, predictions_after=found.labels))
        view.colour.setCurrentIndex(view.colour.findData("right"))
        view.selection.select({("art", "test"): np.arange(20) < 10}, "picked")
    return view


def compare(page: str, made: int = 0) -> CompareView:
    """A comparison of which so many trials are made, one is in hand and one method is left out."""
    view = CompareView(lambda work, done, failed, **more: done(work()))
    ledger, plan = Ledger(), ComparisonPlan(("ridge", "coop", "mmap_suggested"), parse_amounts("4,full"), (1, 2))
    ledger.hear(live.MethodsListed(scripted_trials.facts()))
    cells = ledger.cells(plan)
    ahead = [Ahead(name, one, seed, False, 60.0) for name in scripted_trials.METHODS for one in plan.amounts
             for seed in plan.seeds]  # fmt: skip
    ledger.hear(live.Surveyed(plan, tuple(ahead), comparison([scripted_trials.made(cells[0], TASKS)])))
    ledger.trials.clear()
    trials = [scripted_trials.made(cell, TASKS) for cell in cells[:made]]
    for one in trials:
        ledger.hear(live.TrialMade(one, False))
    if 0 < made < len(cells):
        ledger.hear(live.TrialLeftOut(cells[made], "It is left out: its loss is not finite."))
        ledger.hear(live.TrialStepped(cells[made + 1], 40, 400))
    found = evidence(ledger.comparison(plan, "Birds")) if trials else None
    view.plan.show_budget("Methods that read images train for 10 epochs.")
    view.show_ledger(ledger, plan, entries(ledger.lines(plan), found.rows if found is not None else ()))
    view.plots.show_evidence(found)
    if found is not None:
        busy = made < len(cells)
        said = f"{made} of {len(cells)} trials · about 12 min 00 s left"
        view.show_head(Shown(found.headline, found.certainty, said if busy else "", busy=busy, pauses=busy,
                             use=(not busy, not busy)))  # fmt: skip
    view.turn_to(getattr(view, page))
    if page == "plots":  # a plot is drawn for the size that it is seen at
        golden.draw(view, *VIEWS["compare-plots"][1:])
        view.plots.figure._draw()
    return view


def tasks_panel() -> TasksPanel:
    panel, image = TasksPanel(), to_pixmap(Plain().pixels([90])[0])
    panel.model.show([
        TaskRow("Art", image, "345 classes\ntrain 48, test 16", 0.821, 0.71),
        TaskRow("Clip art", image, "345 classes\ntrain 48, test 16", 0.5, 0.71),
        TaskRow("Photo", QPixmap()),
    ])  # fmt: skip
    panel.choose("Clip art")
    return panel


def settings() -> SettingsForm:
    """One setting differs from its preset, and one is refused."""
    form = SettingsForm()
    form.show_settings(settings_from({"preset": "light"}, {"train.epochs": 7}))
    form.show_problem("Two prompt tokens are too many for a context of 16.")
    return form


def log() -> LogView:
    view = LogView()
    for n, level in enumerate(get_args(Level)):
        view.add(f"A line of the level {level}", level, datetime(2026, 1, 2, 3, 4, n))
    return view


def runs(chosen: int = 1) -> RunsView:
    """A pinned run with a note, one with a seed of its own, one that was cancelled; so many are selected."""
    view = RunsView()
    about = RunAbout(name="best of spring", note="Two groups.\nBetter than all together.", tags=["paper"], pinned=True)
    began = datetime(2026, 1, 2, 3, 4)
    first = RunEntry(
        RunFolder(Path("20260102T030400Z-birds")), about, "finished", began, None, 1, "starter", GROUPS, 0.583, 0.522
    )
    second = replace(first, run=RunFolder(Path("b")), about=RunAbout(), seed=12, mean=0.505)
    third = replace(first, run=RunFolder(Path("c")), about=RunAbout(), mean=None, state="cancelled")
    view.show_entries([first, second, third])
    flags = QItemSelectionModel.SelectionFlag
    for row in range(chosen):
        view.table.selectionModel().select(view._rows.index(row, 0), flags.Select | flags.Rows)
    if chosen == 2:
        found = [SettingDifference("seed", "1", "12"), SettingDifference("train.learning_rate", "0.01", "0.001")]
        view.show_differences(first.name, second.name, found)
    return view


def runs_empty() -> RunsView:
    view = RunsView()
    view.show_entries([])
    return view


def sweep() -> SweepDialog:
    """Four of seven trials are made: one ended early, and one failed."""
    values = {"train.learning_rate": (0.03, 0.1, 0.3)}
    made = [
        SweepTrial(number=n, changes={name: at[n - 1] for name, at in values.items()} if n else {}, state=state,
                   values=own, parameters=9120)
        for n, state, own in ((0, "done", [0.51, 0.53]), (1, "done", [0.55, 0.54]), (2, "pruned", [0.41]),
                              (3, "failed", []))
    ]  # fmt: skip
    sweeps = SimpleNamespace(
        busy=True, trials=made, found=None, text="4 of 7 trials · trial 5, seed 1: step 40 of 100", problem="",
        listen=lambda hear: None, stop=lambda: None,
    )  # fmt: skip
    project = SimpleNamespace(settings=settings_from({"preset": "light"}, {}), file=SimpleNamespace(tasks=TASKS))
    studio = SimpleNamespace(
        project=project, sweeps=sweeps, backbone=SimpleNamespace(layers=4), jobs=SimpleNamespace(groups_to_run="auto"),
        listen=lambda hear: None,
    )  # fmt: skip
    return SweepDialog(studio)


OFFICE = ("Art", "Clipart", "Product", "Real World")
ROOMS = ("Alarm_Clock", "Backpack", "Batteries", "Bed", "Bike", "Bottle", "Bucket", "Calculator")
HOME = "/home/ada/OfficeHome"


def imported(tab: int = 0) -> ImportDialog:
    """Four domains of 65 classes, of which the last domain lacks one; a table and a README beside them."""
    kinds = [*ROOMS, *(f"Thing_{n}" for n in range(len(ROOMS), 65))]
    with TemporaryDirectory() as folder:
        root = Path(folder) / "OfficeHome"
        for n, name in enumerate(OFFICE):
            grow(root, domain(name, kinds[: 65 - (n == 3)], 5 + n))
        grow(root, ["ImageInfo.csv", "README.txt", "Art/Bed/notes.docx"])
        for path in root.rglob("*.jpg"):
            path.write_text(str(path.relative_to(root)))  # no two are equal
        (root / "ImageInfo.csv").write_text("id,height\n1,32\n")
        report = import_report([str(root)])
        notices = tuple(text.replace(str(root.resolve()), HOME) for text in report.notices)
        report = replace(report, notices=notices)
    dialog = ImportDialog(report)
    dialog.tabs.setCurrentIndex(tab)
    return dialog


def import_refused() -> QWidget:
    """What is said of a folder that holds no data set."""
    with TemporaryDirectory() as folder:
        root = grow(Path(folder) / "downloads", ["paper.pdf", "talk.pdf", "slides/1.pdf"])
        with pytest.raises(DataError) as error:
            import_report([str(root)])
    return error_dialog.tell(None, str(error.value).replace(str(root.resolve()), "/home/ada/downloads"))


def bars() -> QWidget:
    """The header above the status bar, in the middle of a run."""
    page = QWidget()
    actions = {spec.key: QAction(spec.text, page) for spec in ACTIONS}
    for spec in ACTIONS:
        if spec.icon:
            icons.put_on(actions[spec.key], spec.icon)
    actions["undo"].setEnabled(False)
    header, status = Header(actions), StatusLine()
    header.show_project("Birds", "ViT-B-16:/weights/openai.pt")
    header.show_state("running")
    header.show_progress("Training · 3 min left")
    header.show_next(NextRun("your groups, 1 of 3 new", ""))
    header.show_paused(False)
    status.show_phase("Training", True)
    status.show_pace(Pace(298, 480, "step", 2.4, 76))
    status.show_whole("62 %, 3 min left")
    status.show_hint(QKeySequence("Ctrl+Shift+P"))
    layout = QVBoxLayout(page)
    layout.addWidget(header)
    layout.addWidget(status)
    return page


def welcome() -> Welcome:
    new, open_ = QAction("&New project…"), QAction("&Open project…")
    new.setObjectName("new")
    open_.setObjectName("open")
    page = Welcome(new, open_)
    new.setParent(page)
    open_.setParent(page)
    page.recent.show_paths([STARTER, "/home/ada/projects/birds", "/home/ada/projects/scanners"])
    page.recent.show_missing(["/home/ada/projects/scanners"])
    return page


VIEWS: dict[str, tuple[Callable[[], QWidget], int, int]] = {
    "heatmap": (heatmap, 460, 380),
    "heatmap-64": (lambda: heatmap(64), 380, 320),
    "heatmap-empty": (HeatmapView, 360, 160),
    "board": (board, 480, 300),
    "why": (why, 760, 300),
    "curves": (curves, 700, 220),
    "results": (results, 620, 150),
    "results-empty": (ResultsView, 420, 120),
    "confusion": (confusion, 620, 320),
    "confusion-126": (confusion_126, 380, 340),
    "gallery": (gallery, 760, 380),
    "gallery-found": (gallery_found, 760, 380),
    "map": (shown_map, 760, 320),
    "map-empty": (lambda: shown_map(empty=True), 640, 180),
    "compare-empty": (lambda: compare("plan"), 720, 420),
    "compare-half": (lambda: compare("table", 10), 720, 360),
    "compare-full": (lambda: compare("table", 16), 720, 360),
    "compare-plots": (lambda: compare("plots", 16), 720, 420),
    "tasks": (tasks_panel, 260, 240),
    "settings": (settings, 320, 420),
    "log": (log, 480, 170),
    "runs": (runs, 700, 200),
    "runs-two": (lambda: runs(2), 700, 200),
    "runs-empty": (runs_empty, 420, 120),
    "sweep": (sweep, 680, 560),
    "bars": (bars, 980, 100),
    "import": (imported, 760, 420),
    "import-notes": (lambda: imported(2), 760, 420),
    "import-refused": (import_refused, 400, 146),
    "welcome": (welcome, 860, 330),
}
"""How each is made, and its width and height."""


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_views_look_as_they_should(qtbot, tmp_path, view, name):
    make, width, height = VIEWS[view]
    with golden.look(name):
        widget = make()
        qtbot.addWidget(widget)
        golden.check(golden.draw(widget, width, height), f"{view}-{name}", tmp_path)


@pytest.mark.parametrize("change", ["a colour", "a word", "a moved part"])
def test_a_real_change_fails(qtbot, monkeypatch, tmp_path, change):
    monkeypatch.delenv("MMAP_RENEW_GOLDEN", raising=False)
    monkeypatch.setenv("MMAP_SCREENSHOTS", str(tmp_path))
    make, width, height = VIEWS["heatmap"]
    with golden.look("light"):
        widget = make()
        qtbot.addWidget(widget)
        if change == "a colour":
            tokens = replace(theme.current(), accent="#277a45")  # the outlines of the groups
            monkeypatch.setattr(theme._keeper, "tokens", tokens)
        elif change == "a word":
            widget.plot.rows.title = ""
        else:
            widget.header.hide()
        with pytest.raises(pytest.fail.Exception, match="MMAP_RENEW_GOLDEN=1"):
            golden.check(golden.draw(widget, width, height), "heatmap-light", tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"heatmap-light.png", "heatmap-light-difference.png"}


@pytest.mark.parametrize("view", ["heatmap", "board", "confusion"])
def test_text_that_another_machine_draws_a_little_otherwise_passes(qtbot, view):
    made = []
    for hinting in (QFont.HintingPreference.PreferNoHinting, QFont.HintingPreference.PreferVerticalHinting):
        with golden.look("light", hinting):
            widget = VIEWS[view][0]()
            qtbot.addWidget(widget)
            made.append(golden.draw(widget, *VIEWS[view][1:]))
    assert made[0] != made[1]
    assert golden.difference(*made) == ""
