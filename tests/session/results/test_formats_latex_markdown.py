"""The table as a paper takes it: the same figures, marked and escaped."""

from dataclasses import dataclass, replace

import pytest

from mmap_studio.session.results.formats import latex, markdown
from mmap_studio.session.results.table import Outcome, table

TASKS = ("art_1", "ink & pen")


@dataclass(frozen=True)
class Share:
    accuracy: float
    macro_f1: float = 0.5
    ece: float = 0.1


def outcome(method: str, *accuracies: float, run: str = "", title: str = "") -> Outcome:
    scores = {t: Share(a) for t, a in zip(TASKS, accuracies, strict=False)}
    return Outcome(method, scores, 1414, run, title=title)


ROWS = table(
    [outcome("zero_shot", 0.5, 0.25), outcome("run", 0.5, 0.125, run="a"), outcome("run", 0.75, 0.125, run="b"),
     outcome("own", 0.1, title="art_1 | ink & pen")],
    TASKS,
)  # fmt: skip


def test_latex_is_a_table_of_booktabs_with_the_best_in_bold_and_every_sign_escaped():
    assert latex(ROWS, TASKS).splitlines() == [
        "% Accuracy in percent, test images; mean and standard deviation (n - 1) over the runs. "
        "Bold: best of its column.",
        r"\begin{tabular}{lrrrr}",
        r"\toprule",
        r"Method & art\_1 & ink \& pen & Mean & Trainable parameters \\",
        r"\midrule",
        r"Zero-shot & 50.0 & \textbf{25.0} & \textbf{37.5} & 1,414 \\",
        r"These groups & \textbf{62.5}\,$\pm$\,17.7 & 12.5\,$\pm$\,0.0 & \textbf{37.5}\,$\pm$\,8.8 & 1,414 \\",
        r"art\_1 \textbar{} ink \& pen & 10.0 & -- & -- & 1,414 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_markdown_is_a_pipe_table_that_a_name_cannot_break():
    lines = markdown(ROWS, TASKS).splitlines()
    assert lines[:3] == [
        r"| Method | art\_1 | ink & pen | Mean | Trainable parameters |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| Zero-shot | 50.0 | **25.0** | **37.5** | 1,414 |",
    ]
    assert lines[4].startswith(r"| art\_1 \| ink & pen | 10.0 | – |")
    assert lines[-1].startswith("Accuracy in percent")


@pytest.mark.parametrize(("name", "written"), [("a\\b~^", r"a\textbackslash{}b\textasciitilde{}\textasciicircum{}"),
                                               ("50 %\n#1", r"50 \% \#1")])  # fmt: skip
def test_no_sign_of_a_name_is_a_command(name, written):
    row = replace(ROWS[0], title=name)
    assert latex([row], TASKS).splitlines()[5].startswith(f"{written} & ")


def test_one_run_has_no_spread_and_says_nothing_of_runs():
    assert "runs" not in latex(ROWS[:1], TASKS)
    assert "±" not in markdown(ROWS[:1], TASKS)
