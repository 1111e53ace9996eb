"""The plots of a comparison: those of the report, drawn for the size there is, copied and exported."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mmap_studio.session.compare import plots
from mmap_studio.session.compare.live.evidence import evidence
from mmap_studio.session.compare.svg import image
from mmap_studio.ui.compare.figure import break_upright
from mmap_studio.ui.compare.plots_page import EMPTY, PlotsPage
from mmap_studio.ui.export.choices import choices
from mmap_studio.ui.kit import theme
from tests.session.compare.made_up import comparison, drawn
from tests.ui.compare.test_view import settled


def found(*amounts):
    rates = {"zero_shot": 0.6, "ridge": 0.7, "mmap_suggested": 0.8, "mmap_together": 0.75}
    trials = [one for amount in amounts for one in drawn(rates, amount=amount, per_class=5, seeds=(1, 2)).trials]
    return evidence(comparison(trials, partitions=(("suggested", 0.8, True), ("together", 0.75, False))))


@pytest.fixture
def page(qtbot):
    """A page that draws at once."""

    def run(work, done, failed, **more):
        done(work())
        return lambda: None

    made = PlotsPage(run)
    qtbot.addWidget(made)
    made.resize(640, 360)
    made.show()
    return made


def titles(page):
    return [page.which.itemText(n) for n in range(page.which.count())]


def test_there_is_a_sentence_until_two_methods_can_be_compared(page):
    assert page.empty.isVisible()
    assert page.empty.text() == EMPTY
    page.show_evidence(found("4"))
    assert not page.empty.isVisible()
    page.show_evidence(None)
    assert page.empty.isVisible()
    assert page.figure.picture.image.isNull()


def test_the_plots_are_those_of_the_report_and_the_one_that_is_shown_stays(page):
    page.show_evidence(found("4"))
    first = titles(page)
    assert first[0] == "Accuracy over training images"
    assert "The suggested grouping among others" in first
    page.which.setCurrentText("Differences by task, 4 images a class")
    page.show_evidence(found("4", "16"))
    assert page.which.currentText() == "Differences by task, 4 images a class"
    assert len(titles(page)) > len(first)


def test_a_plot_is_as_wide_as_the_view_and_drawn_again_for_another_size_and_theme(page, qtbot):
    page.show_evidence(found("4"))
    picture = page.figure.picture
    assert picture.image.width() == pytest.approx(page.figure._room().width() * page.devicePixelRatioF(), abs=2)
    before = picture.image
    page.resize(900, 360)
    qtbot.waitUntil(lambda: picture.image.width() > before.width())
    light = picture.image
    theme.apply("dark")
    try:
        qtbot.waitUntil(lambda: picture.image != light and not page.figure.pending)
    finally:
        theme.apply("light")


def test_what_cannot_be_drawn_is_said(page, monkeypatch):
    def run(work, done, failed, **more):
        failed(MemoryError("no room"))

    page.figure._run = run
    page.show_evidence(found("4"))
    assert "no room" in page.figure.picture.sentence


def test_arrows_turn_the_pages_in_a_circle(page):
    page.show_evidence(found("4"))
    page.figure.setFocus()
    QTest.keyClick(page.figure, Qt.Key.Key_Right)
    assert page.which.currentIndex() == 1
    for _ in range(2):
        QTest.keyClick(page.figure, Qt.Key.Key_Left)
    assert page.which.currentIndex() == page.which.count() - 1


def test_a_plot_is_copied_in_light_colours_and_its_numbers_for_a_spreadsheet(page):
    page.show_evidence(found("4"))
    page.copy_image()
    copied = QApplication.clipboard().image()
    assert copied.width() > 1500
    assert copied.pixelColor(2, 2).name() == "#ffffff"
    page.copy_numbers()
    head, first, *_ = QApplication.clipboard().text().splitlines()
    assert head.split("\t")[:4] == ["method", "title", "family", "amount"]
    assert first.split("\t")[0] == "zero_shot"


def test_report_and_plots_are_exported_as_the_report_has_them(make, qtbot, tmp_path):
    window = make()
    assert not [one for one in choices(window.studio, window.views) if "Comparison" in one.title]
    shown = found("4")
    window.views.compare.plots.show_evidence(shown)
    report, drawings = [one for one in choices(window.studio, window.views) if "Comparison" in one.title]
    assert list(report.files) == ["comparison/"]
    assert {name.rpartition(".")[2] for name in drawings.files} == {"png", "svg", "pdf"}
    report.files["comparison/"]()(tmp_path)
    assert (tmp_path / "comparison" / "report.html").is_file()
    name = "comparison-accuracy.svg"
    drawings.files[name]()(tmp_path)
    own = plots.plots(shown.comparison, shown.rows, {})[0]
    assert len((tmp_path / name).read_bytes()) == len(image(own.figure, "svg"))
    settled(qtbot, window)


def test_no_upright_label_leaves_a_low_figure():
    made = found("4", "16")
    for plot in plots.plots(made.comparison, made.rows, {}):
        figure = plot.draw()
        figure.set_size_inches(6, 1.7)
        break_upright(figure)
        figure.draw_without_rendering()
        labels = [one for one in [*figure.texts, *(axes.yaxis.label for axes in figure.axes)] if one.get_text()]
        for box in [one.get_window_extent() for one in labels if one.get_rotation()]:
            assert (box.y0 >= 0, box.y1 <= figure.bbox.height) == (True, True), plot.name
