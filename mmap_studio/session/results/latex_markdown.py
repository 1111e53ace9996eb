"""The table of results as a paper or a README takes it, without Qt: LaTeX (booktabs) and Markdown."""

from collections.abc import Sequence

from mmap_studio.formatting import fixed
from mmap_studio.session.results.table import METRICS, Figure, Metric, TableRow

LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
         ">": r"\textgreater{}", "|": r"\textbar{}"} | {sign: f"\\{sign}" for sign in "&%$#_{}"}  # fmt: skip
"""What a sign must be written as; all others stand for themselves."""
MARKDOWN = {sign: f"\\{sign}" for sign in "\\|*_`[]<>"}


def latex(rows: Sequence[TableRow], tasks: Sequence[str], metric: Metric = "accuracy") -> str:
    """A `tabular` for the package booktabs: methods by tasks, their mean, the trained numbers. Best in bold."""
    head = [_escaped(word, LATEX) for word in ("Method", *tasks, "Mean", "Trained")]
    body = [
        [_escaped(row.title, LATEX), *(_cell(f, r"\textbf{", "}", r"\,$\pm$\,", "--") for f in row.figures),
         f"{row.parameters:,}"]
        for row in rows
    ]  # fmt: skip
    lines = [" & ".join(cells) + r" \\" for cells in (head, *body)]
    lines = [r"\begin{tabular}{l" + "r" * (len(head) - 1) + "}", r"\toprule", lines[0], r"\midrule", *lines[1:],
             r"\bottomrule", r"\end{tabular}"]  # fmt: skip
    return "\n".join([f"% {_caption(rows, metric)}", *lines]) + "\n"


def markdown(rows: Sequence[TableRow], tasks: Sequence[str], metric: Metric = "accuracy") -> str:
    """The same as a pipe table."""
    head = [_escaped(word, MARKDOWN) for word in ("Method", *tasks, "Mean", "Trained")]
    body = [
        [_escaped(row.title, MARKDOWN), *(_cell(f, "**", "**", " ± ", "–") for f in row.figures), f"{row.parameters:,}"]
        for row in rows
    ]
    rule = ["---", *["---:"] * (len(head) - 1)]
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, rule, *body)]
    return "\n".join([*lines, "", _caption(rows, metric)]) + "\n"


def _cell(figure: Figure, strong: str, plain: str, plus: str, missing: str) -> str:
    value, spread = fixed(figure.mean, missing=missing), fixed(figure.spread, missing="")
    value = f"{strong}{value}{plain}" if figure.best else value
    return f"{value}{plus}{spread}" if spread else value


def _caption(rows: Sequence[TableRow], metric: Metric) -> str:
    """What the numbers are; in neither language does it need to be escaped."""
    runs = "; mean and standard deviation (n - 1) over the runs" if any(row.runs > 1 for row in rows) else ""
    return f"{METRICS[metric].replace(', %', ' in percent')}, test images{runs}. Bold: best of its column."


def _escaped(text: str, signs: dict[str, str]) -> str:
    return " ".join("".join(signs.get(sign, sign) for sign in text).split())
