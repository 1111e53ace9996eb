"""The export dialog: it says what goes where, and every file it writes opens as what its name says."""

import csv
import io
import json
import re
import threading
import zlib

import h5py
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from mmap_studio.errors import InputError
from mmap_studio.method.affinity.meter import AffinityMeter
from mmap_studio.storage import atomic
from mmap_studio.storage.prompt_folder import load_prompts, verify_prompts
from mmap_studio.ui.affinity.plot import HeatmapPlot
from mmap_studio.ui.affinity.view import HeatmapView
from mmap_studio.ui.export.dialog import ExportDialog
from mmap_studio.ui.export.view_figures import curves_figure, heatmap_figure
from mmap_studio.ui.kit import theme
from tests import projects
from tests.ui.scripted import rest
from tests.ui.window.test_main_window import run

EVERY = {
    "prompts", "affinity.csv", "affinity_matrix.csv", "affinity.json", "affinity.h5", "results.csv", "results.json",
    "results.tex", "results.md",
    "grouping.json", *(f"{name}.{suffix}" for name in ("heatmap", "curves") for suffix in ("png", "svg", "pdf")),
}  # fmt: skip


@pytest.fixture
def window(make, qtbot):
    made = make()
    run(qtbot, made)
    return made


@pytest.fixture
def dialog(window, home):
    made = ExportDialog(window.studio, window.views, window.background, window)
    made.folder.setText(str(home / "out"))
    yield made
    made.deleteLater()


def export(qtbot, dialog):
    with qtbot.waitSignal(dialog.writer.ended, timeout=30000) as heard:
        dialog.write()
    written, why = heard.args
    assert why == ""
    return written


def titles(dialog) -> list[str]:
    return [choice.title for choice in dialog.choices]


def dark_share(image: QImage) -> float:
    """How much of an image is neither ground nor air."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), -1)[:, : grey.width()]
    return float((rows < 200).mean())


def images(folder, name):
    """The figure from its PNG and its SVG, as pixels."""
    png = QImage(str(folder / f"{name}.png"))
    renderer = QSvgRenderer(str(folder / f"{name}.svg"))
    assert renderer.isValid()
    svg = QImage(renderer.defaultSize(), QImage.Format.Format_RGB32)
    svg.fill(0xFFFFFFFF)
    with QPainter(svg) as painter:
        renderer.render(painter)
    return png, svg


def page(data: bytes) -> tuple[float, int]:
    """Of a PDF of one page: width by height, and the texts that are put on it."""
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    width, height = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data).groups()
    streams = [zlib.decompress(raw) for raw in re.findall(rb"stream\n(x.*?)\nendstream", data, re.DOTALL)]
    return float(width) / float(height), sum(stream.count(b"Tj") for stream in streams)


def test_every_file_opens_and_says_what_is_known(window, dialog, qtbot, home):
    estimate = window.studio.known.estimate
    export(qtbot, dialog)
    out = home / "out"
    assert {path.name for path in out.iterdir()} == EVERY
    with h5py.File(out / "affinity.h5") as file:
        for name in ("mean", "standard_error", "count", "latest"):
            np.testing.assert_array_equal(file[name], getattr(estimate, name))
        assert list(file.attrs["tasks"]) == list(estimate.tasks)
    table = list(csv.reader(io.StringIO((out / "affinity_matrix.csv").read_text())))
    assert table[0][1:] == list(estimate.tasks)
    np.testing.assert_array_equal(np.array([line[1:] for line in table[1:]], float), estimate.mean)
    pairs = list(csv.DictReader(io.StringIO((out / "affinity.csv").read_text())))
    assert [float(row["affinity"]) for row in pairs] == estimate.mean.ravel().tolist()
    document = json.loads((out / "affinity.json").read_text())
    np.testing.assert_array_equal(document["standard_error"], estimate.standard_error)
    assert len(json.loads((out / "results.json").read_text())) == len(window.views.results.shown())
    assert json.loads((out / "grouping.json").read_text()) == window.studio.board.to_json()
    assert verify_prompts(out / "prompts") == []
    groups = {frozenset(group) for group in load_prompts(out / "prompts").meta["groups"]}
    assert groups == {frozenset(group) for group in window.studio.board.grouping}


@pytest.mark.parametrize("name", ["heatmap", "curves"])
def test_figures_show_something_in_every_format_whatever_the_window_shows(window, dialog, qtbot, home, name):
    window.registry["theme_dark"].trigger()
    try:
        export(qtbot, dialog)
    finally:
        theme.apply("light")
    png, svg = images(home / "out", name)
    assert dark_share(png) > 0.005
    corners = [(x, y) for x in (2, png.width() - 3) for y in (2, png.height() - 3)]
    assert all(png.pixelColor(*corner).lightness() > 200 for corner in corners)
    assert abs(svg.width() / svg.height() - png.width() / png.height()) < 0.02
    assert 0.25 < dark_share(svg) / dark_share(png) < 4
    shape, texts = page((home / "out" / f"{name}.pdf").read_bytes())
    assert abs(shape - png.width() / png.height()) < 0.02
    assert texts >= 2 * len(window.studio.board.tasks)
    written = (home / "out" / f"{name}.svg").read_text()
    assert [task for task in window.studio.board.tasks if task not in written] == []


def test_files_are_written_beside_the_windows_thread(window, dialog, qtbot, monkeypatch):
    threads = []
    for name in ("write_bytes", "write_folder"):
        plain = getattr(atomic, name)

        def spy(*args, plain=plain, **kwargs):
            threads.append(threading.current_thread())
            return plain(*args, **kwargs)

        monkeypatch.setattr(atomic, name, spy)
    written = export(qtbot, dialog)
    assert len(threads) >= len(written)
    assert threading.main_thread() not in threads


def test_it_says_what_would_be_replaced_and_leaves_the_rest(window, dialog, qtbot, home):
    assert "a new folder" in dialog.said.text()
    out = home / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    dialog.folder.setText(str(out) + "/")
    assert "no files there are replaced" in dialog.said.text()
    (out / "results.csv").write_text("old")
    dialog.folder.setText(str(out))
    assert "Replaces results.csv." in dialog.said.text()
    export(qtbot, dialog)
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "results.csv").read_text() != "old"
    assert dialog.show_folder.isEnabled()
    assert str(out) in dialog.said.text()


def test_a_folder_that_is_no_export_is_not_replaced_by_prompts(window, dialog, qtbot, home):
    (home / "out" / "prompts").mkdir(parents=True)
    (home / "out" / "prompts" / "mine.txt").write_text("mine")
    with qtbot.waitSignal(dialog.writer.ended, timeout=30000) as heard:
        dialog.write()
    assert "prompts" in heard.args[1]
    assert dialog.said.text() == heard.args[1]
    assert (home / "out" / "prompts" / "mine.txt").read_text() == "mine"
    assert dialog.save.isEnabled()


def test_only_what_is_ticked_is_written(dialog, qtbot, home):
    for check in dialog.checks:
        check.setChecked(check.text() == "Affinity")
    export(qtbot, dialog)
    assert {path.suffix for path in (home / "out").iterdir()} == {".csv", ".json", ".h5"}
    for check in dialog.checks:
        check.setChecked(False)
    assert not dialog.save.isEnabled()


def test_a_path_that_depends_on_where_the_window_was_started_is_refused(dialog):
    dialog.folder.setText("somewhere")
    assert not dialog.save.isEnabled()
    dialog.write()
    assert not dialog.writer.busy


def test_closing_ends_after_the_file_that_is_being_written(window, dialog, qtbot, home):
    dialog.write()
    dialog.reject()
    qtbot.waitUntil(lambda: not window.background.busy and not dialog.writer.busy, timeout=30000)
    assert not (home / "out" / "grouping.json").exists()


def test_before_a_run_there_are_no_empty_figures(make):
    window = make()
    dialog = ExportDialog(window.studio, window.views, window.background, window)
    assert titles(dialog) == ["Groups on the board"]
    dialog.deleteLater()


def test_prompts_of_groups_that_the_cache_brought_back_can_be_exported(make, qtbot, home):
    window = make()
    window.studio.engine.trained = {(task,) for task in window.studio.board.tasks}
    window.registry["separate"].trigger()
    rest(qtbot, window)
    assert window.studio.known.ended is None
    dialog = ExportDialog(window.studio, window.views, window.background, window)
    assert "Prompts of the groups on the board" in titles(dialog)
    dialog.folder.setText(str(home / "out"))
    export(qtbot, dialog)
    groups = load_prompts(home / "out" / "prompts").meta["groups"]
    assert groups == [[task] for task in window.studio.board.tasks]
    dialog.deleteLater()


def test_what_another_project_shows_is_not_written_for_the_one_that_was_left(window, dialog, qtbot, home):
    window.open(str(projects.make(home / "other").folder))
    rest(qtbot, window)
    with pytest.raises(InputError, match="was left while its dialog was open"):
        dialog.write()
    assert not (home / "out").exists()


def test_it_says_as_many_files_and_folders_as_it_writes(window, dialog, qtbot, home):
    said = f"{len(EVERY) - 1} files and 1 folder"
    assert said in dialog.said.text()
    export(qtbot, dialog)
    assert f"{said} written" in dialog.said.text()
    there = list((home / "out").iterdir())
    assert [sum(path.is_file() for path in there), sum(path.is_dir() for path in there)] == [len(EVERY) - 1, 1]


def test_a_heatmap_of_few_tasks_has_long_names_whole(qtbot):
    names = tuple(f"Photographs of plants in the hospital garden, camera {n} of site A" for n in range(6))
    meter, view = AffinityMeter(names), HeatmapView()
    qtbot.addWidget(view)
    meter.update(np.eye(6))
    view.append(meter.snapshot(), 10)
    view.draw()
    made = heatmap_figure(view)
    qtbot.addWidget(made)
    made.grab()
    plot = made.findChild(HeatmapPlot)
    assert set(plot.rows._elided.values()) == set(plot.columns._elided.values()) == set(names)
    made.hide()


def test_a_figure_has_whole_names_and_nothing_to_tick(window):
    view = window.views.curves
    view.legend._rows["Noto"].setCheckState(0, Qt.CheckState.Unchecked)
    curves = curves_figure(view)
    rows = [curves.legend.topLevelItem(place) for place in range(curves.legend.topLevelItemCount())]
    assert all(row.data(0, Qt.ItemDataRole.CheckStateRole) is None for row in rows)
    assert [row.text(0) for row in rows if row.isHidden()] == ["Noto"]
    assert curves.legend.shown() == frozenset(window.studio.board.tasks) - {"Noto"}
    wide = curves.legend.fontMetrics().horizontalAdvance("High contrast") + 40
    assert curves.legend.columnWidth(0) >= wide
    matrix = heatmap_figure(window.views.heatmap)
    plot = matrix.findChild(HeatmapPlot)
    assert plot.cells.certain == window.views.heatmap.plot.cells.certain
    for made in (curves, matrix):
        made.hide()
        made.deleteLater()
