"""What the results view copies is what it shows."""

from PySide6.QtGui import QGuiApplication

from mmap_studio.session.results.formats import latex, markdown
from mmap_studio.ui.results.view import ResultsView
from tests.session.results.test_formats_latex_markdown import TASKS, outcome


def test_the_window_copies_and_exports_what_it_shows(qtbot):
    view = ResultsView()
    qtbot.addWidget(view)
    view.show_tasks(TASKS)
    view.show_outcomes([outcome("zero_shot", 0.5, 0.25), outcome("run", 0.75, 0.5)])
    copied = {}
    for action in view.copy_button.menu().actions():
        action.trigger()
        copied[action.text().replace("&", "").partition("\t")[0]] = QGuiApplication.clipboard().text()
    assert copied["As LaTeX"] == view.as_latex() == latex(view.shown(), TASKS)
    assert copied["As Markdown"] == view.as_markdown() == markdown(view.shown(), TASKS)
    assert copied["For a spreadsheet"] == view.as_text("\t")
