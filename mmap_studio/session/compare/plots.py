"""Figures of a comparison: matplotlib `Figure`s without pyplot, for SVG, PNG and a canvas of the window.

A method has one colour, marker and line in all of them. Names are text: no mathematics, no TeX.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from mmap_studio.formatting import fixed, points, printable, short_count
from mmap_studio.session.compare.statistics import ZERO_SHOT, over_seeds, trials_at
from mmap_studio.session.compare.tables import Row, by_amount
from mmap_studio.session.compare.trial import Amount, Comparison, Trial
from mmap_studio.session.palette import OKABE_ITO
from mmap_studio.session.short_names import short_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")


@dataclass(frozen=True)
class Ink:
    """Colours of everything that is no series."""

    text: str
    muted: str
    grid: str
    series: tuple[str, ...]


LIGHT = Ink("#222326", "#66686d", "#dddbd6", OKABE_ITO[:6])
DARK = Ink("#ececee", "#a2a5aa", "#44484f", ("#3d9bdc", *OKABE_ITO[1:6]))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)))
NAME = 30
"""Letters of a name, at most."""
CLASSES = 8
"""Classes at either end of the gains."""
PANELS = 3
"""Side by side."""
BEYOND = 4.0
"""Points shown above and below the means; wider bands are cut, since those of two seeds would fill the scale."""
BANDS = 8
"""Methods that all have a band; of more, only a few."""


@dataclass(frozen=True)
class Look:
    colour: str
    marker: str
    dash: Any


def looks(comparison: Comparison, ink: Ink = LIGHT) -> dict[str, Look]:
    """How each method is drawn: colour, marker and line together differ for the first forty-two."""
    found = {ZERO_SHOT: Look(ink.text, "*", ":")}
    names = dict.fromkeys([*comparison.methods, *(one.method for one in comparison.trials)])
    for n, name in enumerate(one for one in names if one != ZERO_SHOT):
        colour = ink.series[n % len(ink.series)]
        found[name] = Look(colour, MARKERS[n % len(MARKERS)], DASHES[n // len(ink.series) % len(DASHES)])
    return found


def plain(name: str, limit: int = NAME, others: Iterable[str] = ()) -> str:
    """A name that matplotlib draws as it is: no mathematics, and no label that a legend leaves out.

    others : the names that stand beside it, of which it must not look like another
    """
    text = short_name(_one_line(name), limit, map(_one_line, others))
    return f" {text}".replace("$", r"\$") if text.startswith("_") else text.replace("$", r"\$")


def _one_line(name: str) -> str:
    return printable(" ".join(name.split()))


def _settled(draw: "Callable[P, Figure]") -> "Callable[P, Figure]":
    """Draw with our settings, whatever matplotlibrc the user has."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> "Figure":
        with settings():
            return draw(*args, **kwargs)

    return drawn


@contextmanager
def settings() -> Iterator[None]:
    """matplotlib's own defaults, with the few settings of ours."""
    import matplotlib

    ours: dict[Any, Any] = {"text.usetex": False, "font.size": 9, "axes.titlesize": 9.5, "svg.fonttype": "none",
            "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "axes.unicode_minus": True,
            "axes.spines.top": False, "axes.spines.right": False}  # fmt: skip
    defaults = {key: value for key, value in matplotlib.rcParamsDefault.items() if key.split(".")[0] in
                ("axes", "figure", "font", "grid", "legend", "lines", "patch", "savefig", "svg", "text", "xtick",
                 "ytick", "path", "errorbar", "hatch", "mathtext", "markers", "scatter")}  # fmt: skip
    with matplotlib.rc_context({**defaults, **ours}):
        yield


def _figure(
    width: float, height: float, ink: Ink, rows: int = 1, columns: int = 1, **more: Any
) -> "tuple[Figure, list[Axes]]":
    """A figure of so many inches with transparent ground, and its axes row by row."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="none")
    FigureCanvasAgg(figure)
    axes = [one for row in figure.subplots(rows, columns, squeeze=False, **more) for one in row]
    for one in axes:
        one.set_facecolor("none")
        one.grid(True, color=ink.grid, linewidth=0.7)
        one.set_axisbelow(True)
        one.tick_params(colors=ink.muted, labelcolor=ink.text, length=3)
        for part in (one.xaxis.label, one.yaxis.label, one.title):
            part.set_color(ink.text)
        for spine in one.spines.values():
            spine.set_color(ink.muted)
    return figure, axes


def _legend(figure: "Figure", handles: Sequence[Any], labels: Sequence[str], ink: Ink) -> None:
    """Beside the axes, where it hides nothing."""
    figure.legend(handles, [plain(one, others=labels) for one in labels], loc="outside right upper", frameon=False,
                  labelcolor=ink.text, fontsize=8.5, handlelength=2.6)  # fmt: skip


def _height(entries: int, least: float) -> float:
    """Inches that a legend of so many entries needs."""
    return max(least, 0.4 + 0.19 * entries)


# -- accuracy ------------------------------------------------------------------------------------------------------


@_settled
def accuracy_over_images(comparison: Comparison, rows: Sequence[Row], per_task: bool = False,
                         ink: Ink = LIGHT) -> "Figure":  # fmt: skip
    """Accuracy over training images of a class; bands are the 95 % intervals, zero-shot a star at 0.

    Of many methods only the baseline and the best of each family have bands. At one amount methods stand side by side.

    per_task : a panel a task, and their mean in the last one
    """
    look = looks(comparison, ink)
    trained = list(dict.fromkeys(row.method for row in rows if row.method != ZERO_SHOT))
    tasks = list(dict.fromkeys(task for row in rows for task in row.per_task)) if per_task else []
    columns = min(PANELS, len(tasks) + 1)
    lines = -(-(len(tasks) + 1) // columns)
    panel = 2.5 if per_task else 4.8
    figure, axes = _figure(2.6 + panel * columns, _height(len(trained) + 1, (2.2 if per_task else 3.8) * lines), ink,
                           lines, columns)  # fmt: skip
    amounts = sorted({row.amount for row in rows})
    place, banded = _places(amounts), _banded(comparison, rows)
    handles: dict[str, Any] = {}
    panels: list[str | None] = [*tasks, None]
    for one, task in zip(axes, panels, strict=False):
        for n, method in enumerate(trained):
            part = sorted((row for row in rows if row.method == method), key=lambda row: row.amount)
            beside = 0.6 * ((n + 0.5) / len(trained) - 0.5) if len(amounts) == 1 else 0.0
            x = np.array([place[row.amount] + beside for row in part])
            y = 100 * np.array([row.accuracy.mean if task is None else row.per_task.get(task, np.nan) for row in part])
            style = look[method]
            (handles[method],) = one.plot(x, y, color=style.colour, marker=style.marker, linestyle=style.dash,
                                          markersize=4.5, linewidth=1.4, zorder=3)  # fmt: skip
            if task is None and (method in banded or len(amounts) == 1):
                low, high = (100 * np.array([getattr(row.accuracy, end) for row in part]) for end in ("low", "high"))
                if len(part) == 1:
                    one.vlines(x, low, high, color=style.colour, linewidth=1, alpha=0.6)
                else:
                    one.fill_between(x, low, high, color=style.colour, alpha=0.14 if len(banded) < 5 else 0.08,
                                     linewidth=0)  # fmt: skip
        zero = [row for row in rows if row.method == ZERO_SHOT]
        if zero:
            level = 100 * (zero[0].accuracy.mean if task is None else zero[0].per_task[task])
            one.axhline(level, color=ink.muted, linewidth=0.9, linestyle=":", zorder=2)
            (handles[ZERO_SHOT],) = one.plot([0], [level], color=ink.text, marker="*", markersize=10, linestyle="none",
                                             zorder=4)  # fmt: skip
        one.set_xticks([*([0] if zero else []), *place.values()],
                       [*(["0"] if zero else []), *(amount.label for amount in amounts)])  # fmt: skip
        mean = "Mean over the tasks" if tasks else ""
        one.set_title(mean if task is None else plain(task, others=tasks), loc="left")
        one.margins(x=0.04, y=0.05)
        if task is None and trained:
            levels = 100 * np.array([row.accuracy.mean for row in rows])
            beyond = max(BEYOND, 0.4 * float(np.ptp(levels)))
            bottom, top = one.get_ylim()
            one.set_ylim(max(bottom, levels.min() - beyond), min(top, levels.max() + beyond))
    for spare in axes[len(panels) :]:
        spare.set_visible(False)
    figure.supxlabel("Training images a class (doubling)", fontsize=9, color=ink.text)
    figure.supylabel(f"{comparison.measured} on test images, %", fontsize=9, color=ink.text)
    last = {row.method: row.accuracy.mean for row in sorted(rows, key=lambda row: row.amount)}
    order = sorted(handles, key=lambda method: -last[method])
    _legend(figure, [handles[one] for one in order], [comparison.titles[one] for one in order], ink)
    return figure


def _banded(comparison: Comparison, rows: Sequence[Row]) -> set[str]:
    """The methods with a band: all of a few; else the baseline, and of each family the best over all amounts."""
    levels: dict[str, list[float]] = {}
    for row in rows:
        if row.method != ZERO_SHOT:
            levels.setdefault(row.method, []).append(row.accuracy.mean)
    if len(levels) <= BANDS:
        return {*levels}
    family = {row.method: row.family for row in rows}
    best: dict[str, str] = {}
    for method in sorted(levels, key=lambda one: -np.mean(levels[one])):
        best.setdefault(family[method], method)
    return {*best.values(), comparison.baseline}


def _places(amounts: Sequence[Amount]) -> dict[Amount, float]:
    """Where each amount stands: shots by the binary logarithm of their number, shares and all to the right of them."""
    found = {one: float(np.log2(one.number)) + 1 for one in amounts if not one.rank}
    right = max(found.values(), default=0.0)
    return found | {one: right + n for n, one in enumerate((one for one in amounts if one.rank), start=1)}


@_settled
def accuracy_over_parameters(comparison: Comparison, rows: Sequence[Row], amount: Amount, ink: Ink = LIGHT) -> "Figure":
    """Accuracy over trained parameters (logarithmic), at one amount; a line joins what nothing cheaper surpasses."""
    part = by_amount(rows)[amount]
    look = looks(comparison, ink)
    figure, (axes,) = _figure(7.4, _height(len(part) + 1, 3.8), ink)
    some = [row.parameters for row in part if row.parameters > 0] or [1.0]
    nothing = 10 ** (np.floor(np.log10(min(some))) - 1)
    at = {row.method: row.parameters if row.parameters > 0 else nothing for row in part}
    front = pareto([(row.parameters, row.accuracy.mean) for row in part])
    axes.set_xscale("log")
    handles = {}
    for row in part:
        style = look[row.method]
        error = 100 * (row.accuracy.high - row.accuracy.mean)
        axes.errorbar(at[row.method], 100 * row.accuracy.mean, error, color=style.colour, linewidth=0.8, alpha=0.5)
        (handles[row.method],) = axes.plot(at[row.method], 100 * row.accuracy.mean, color=style.colour,
                                           marker=style.marker, linestyle="none", zorder=3,
                                           markersize=10 if style.marker == "*" else 6.5)  # fmt: skip
    best = [part[n] for n in front]
    (line,) = axes.plot([at[row.method] for row in best], [100 * row.accuracy.mean for row in best], color=ink.muted,
                        linewidth=1.1, linestyle="--", zorder=2)  # fmt: skip
    ticks = [10.0**power for power in range(int(np.floor(np.log10(min(some)))), int(np.ceil(np.log10(max(some)))) + 1)]
    none = [nothing] if any(row.parameters == 0 for row in part) else []
    axes.set_xticks([*none, *ticks], [*(["0"] if none else []), *(short_count(one) for one in ticks)])
    axes.minorticks_off()
    axes.set_xlabel("Trained parameters, all tasks together")
    axes.set_ylabel(f"{comparison.measured}, %, {amount.words}")
    order = sorted(handles, key=lambda method: -next(row.accuracy.mean for row in part if row.method == method))
    _legend(figure, [*(handles[one] for one in order), line],
            [*(comparison.titles[one] for one in order), "Pareto front"], ink)  # fmt: skip
    return figure


def pareto(values: Sequence[tuple[float, float]]) -> list[int]:
    """Which (cost, accuracy) no other surpasses at the same or less cost, cheapest first."""
    order = sorted(range(len(values)), key=lambda n: (values[n][0], -values[n][1]))
    front: list[int] = []
    for n in order:
        if not front or values[n][1] > values[front[-1]][1]:
            front.append(n)
    return front


@_settled
def accuracy_over_shares(comparison: Comparison, amount: Amount, ink: Ink = LIGHT) -> "Figure":
    """Accuracy over the share of a change of weights, from zero-shot to what was trained; a dot: chosen on validation.

    Mean over the seeds; bands are Student's intervals over them, where there are several.
    """
    look, curves = looks(comparison, ink), curves_at(comparison, amount)
    figure, (axes,) = _figure(7.4, _height(len(curves), 3.8), ink)
    handles = {}
    for method, trials in curves.items():
        style, values = look[method], 100 * np.stack([one.curve_overall for one in trials])  # (S, shares)
        x, mean = np.linspace(0, 1, values.shape[1]), values.mean(0)
        (handles[method],) = axes.plot(x, mean, color=style.colour, linestyle=style.dash, linewidth=1.5)
        if len(trials) > 1:
            each = [over_seeds(column.tolist()) for column in values.T]
            axes.fill_between(x, [one.low for one in each], [one.high for one in each], color=style.colour, alpha=0.12,
                              linewidth=0)  # fmt: skip
        chosen = [one.values["share"] for one in trials if "share" in one.values]
        if chosen:
            here = float(np.mean(chosen))
            axes.plot(here, np.interp(here, x, mean), color=style.colour, marker=style.marker, markersize=7, zorder=3)
    axes.set_xlabel("Share of the trained change; 0 is zero-shot")
    axes.set_ylabel(f"{comparison.measured}, %, {amount.words}")
    axes.margins(x=0.02, y=0.08)
    _legend(figure, list(handles.values()), [comparison.titles[one] for one in handles], ink)
    return figure


def curves_at(comparison: Comparison, amount: Amount) -> dict[str, list[Trial]]:
    """The trials of an amount that have a curve over shares, by method."""
    each = {name: list(trials_at(comparison, name, amount).values()) for name in comparison.methods}
    found = {name: [one for one in trials if len(one.curve_overall)] for name, trials in each.items()}
    return {name: trials for name, trials in found.items() if trials}


# -- differences ---------------------------------------------------------------------------------------------------


@_settled
def task_differences(comparison: Comparison, rows: Sequence[Row], amount: Amount, ink: Ink = LIGHT) -> "Figure":
    """Differences to the baseline, a panel a task and one of their mean: dots with 95 % intervals, in points."""
    part = [row for row in by_amount(rows)[amount] if row.difference is not None]
    part.sort(key=lambda row: row.accuracy.mean)
    look = looks(comparison, ink)
    tasks = [
        task for task in comparison.tasks if any(row.difference and task in row.difference.per_task for row in part)
    ]
    figure, axes = _figure(2.4 + 1.45 * (len(tasks) + 1), max(1.6, 0.9 + 0.24 * len(part)), ink, 1, len(tasks) + 1,
                           sharey=True)  # fmt: skip
    panels: list[str | None] = [None, *tasks]
    for one, task in zip(axes, panels, strict=True):
        one.axvline(0, color=ink.text, linewidth=0.9)
        for y, row in enumerate(part):
            size = row.difference.mean if task is None else row.difference.per_task[task]  # type: ignore[union-attr]
            style = look[row.method]
            sure = not size.includes_zero
            one.hlines(y, 100 * size.low, 100 * size.high, color=style.colour, linewidth=1.3)
            one.plot(100 * size.mean, y, color=style.colour, marker=style.marker, markersize=5, zorder=3,
                     markerfacecolor=style.colour if sure else "none")  # fmt: skip
        one.set_title("Mean" if task is None else plain(task, 16, tasks), loc="left")
        one.grid(axis="y", visible=False)
    titles = [row.title for row in part]
    axes[0].set_yticks(range(len(part)), [plain(title, others=titles) for title in titles])
    base = plain(comparison.titles.get(comparison.baseline, comparison.baseline))
    figure.supxlabel(f"Difference to {base}, points, {amount.words}; hollow: may be chance", fontsize=9, color=ink.text)
    return figure


@_settled
def class_gains(comparison: Comparison, amount: Amount, method: str, ink: Ink = LIGHT) -> "Figure":
    """The classes that a method gains and loses most, against the baseline: points of accuracy, mean over seeds."""
    gains = gains_by_class(comparison, amount, method)
    shown = gains if len(gains) <= 2 * CLASSES else gains[:CLASSES] + gains[-CLASSES:]
    figure, (axes,) = _figure(6.4, max(1.6, 0.9 + 0.22 * len(shown)), ink)
    sizes = [100 * gain for _, gain in shown]
    colours = [ink.series[0] if size >= 0 else ink.series[-1] for size in sizes]
    y = np.arange(len(shown))[::-1]
    axes.barh(y, sizes, color=colours, height=0.66, zorder=2)
    for height, size in zip(y, sizes, strict=True):
        axes.annotate(points(size), (size, height), (3 if size >= 0 else -3, 0), textcoords="offset points",
                      va="center", ha="left" if size >= 0 else "right", fontsize=7.5, color=ink.text)  # fmt: skip
    axes.axvline(0, color=ink.text, linewidth=0.9)
    if len(gains) > len(shown):
        axes.axhline(CLASSES - 0.5, color=ink.muted, linewidth=0.9, linestyle=":")
    names = [name for name, _ in shown]
    axes.set_yticks(y, [plain(name, 36, names) for name in names])
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.12, y=0.02)
    base = plain(comparison.titles.get(comparison.baseline, comparison.baseline))
    axes.set_xlabel(f"{plain(comparison.titles[method])} less {base}, points of class accuracy, {amount.words}")
    return figure


def gains_by_class(comparison: Comparison, amount: Amount, method: str) -> list[tuple[str, float]]:
    """Every class of every task with its gain in accuracy over the baseline, mean over common seeds, largest first."""
    mine, base = (trials_at(comparison, name, amount) for name in (method, comparison.baseline))
    names = comparison.about.get("class_names", {})
    found = []
    for task in comparison.tasks:
        each = [mine[seed].per_task[task].evaluation.per_class - base[seed].per_task[task].evaluation.per_class
                for seed in sorted({*mine} & {*base}) if task in mine[seed].per_task]  # fmt: skip
        known = names.get(task, ()) if isinstance(names, Mapping) else ()
        for c, gain in enumerate(np.mean(each, axis=0) if each else ()):
            if np.isfinite(gain):
                found.append((f"{task}: {known[c] if c < len(known) else f'class {c + 1}'}", float(gain)))
    return sorted(found, key=lambda one: -one[1])


# -- affinity and groups -------------------------------------------------------------------------------------------


@_settled
def affinity_gains(comparison: Comparison, ink: Ink = LIGHT) -> "Figure":
    """Measured affinity against the gain really observed when two tasks train together, a dot an ordered pair."""
    values = comparison.affinity_gains
    x, y = (np.array([float(one[n]) for one in values]) * scale for n, scale in ((2, 1.0), (3, 100.0)))
    figure, (axes,) = _figure(5.4, 3.8, ink)
    axes.axhline(0, color=ink.muted, linewidth=0.9)
    axes.scatter(x, y, color=ink.series[0], s=26, zorder=3, linewidths=0)
    if len(values) <= 12:
        tasks = [task for pair in values for task in pair[:2]]
        for (source, recipient, *_), here, there in zip(values, x, y, strict=True):
            pair = f"{plain(source, 10, tasks)} → {plain(recipient, 10, tasks)}"
            axes.annotate(pair, (here, there), (4, 3), fontsize=7, textcoords="offset points", color=ink.muted)
    r, low, high = correlation(x, y)
    known = f"r = {fixed(r, 2)} ({fixed(low, 2)} to {fixed(high, 2)})" if np.isfinite(r) else "r is not known"
    axes.set_title(f"{known}, {len(values)} ordered pairs", loc="left")
    axes.set_xlabel("Measured affinity, source → recipient")
    axes.set_ylabel("Gain of the recipient, points")
    axes.margins(x=0.12, y=0.1)
    return figure


def correlation(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Pearson's r with its 95 % interval by Fisher's transformation; NaN for fewer than four pairs or no spread."""
    if len(x) < 4 or x.std() == 0 or y.std() == 0:
        return float("nan"), float("nan"), float("nan")
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1 + 1e-12, 1 - 1e-12))
    half = 1.959964 / (len(x) - 3) ** 0.5
    return r, float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


@_settled
def partitions(comparison: Comparison, ink: Ink = LIGHT) -> "Figure":
    """Groupings by their mean test accuracy, and where the suggested one stands."""
    values = sorted(comparison.partitions, key=lambda one: one[1])
    figure, (axes,) = _figure(6.4, 3.0, ink)
    y = 100 * np.array([one[1] for one in values])
    chosen = np.array([one[2] for one in values], bool)
    place = np.arange(1, len(values) + 1)
    axes.scatter(place[~chosen], y[~chosen], color=ink.muted, s=22, linewidths=0, zorder=2)
    axes.scatter(place[chosen], y[chosen], color=ink.series[5], marker="*", s=150, linewidths=0, zorder=3)
    for n in np.flatnonzero(chosen):
        below = len(values) - n
        left = n > len(values) / 2
        axes.annotate(f"suggested: {below} of {len(values)}", (place[n], y[n]), (-9 if left else 9, 0), va="center",
                      textcoords="offset points", ha="right" if left else "left", color=ink.text)  # fmt: skip
    axes.set_xticks([1, len(values)] if len(values) > 1 else [1], ["worst", "best"] if len(values) > 1 else ["only"])
    axes.set_xlabel("Groupings by accuracy")
    axes.set_ylabel("Accuracy, %")
    axes.margins(x=0.04, y=0.12)
    return figure


# -- all of them ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plot:
    """A figure that can be drawn."""

    name: str
    """File name without its ending."""
    title: str
    draw: "Callable[[], Figure]"

    @property
    def figure(self) -> "Figure":
        """The figure, drawn anew."""
        return self.draw()


def plots(comparison: Comparison, rows: Sequence[Row], best: Mapping[Amount, str], ink: Ink = LIGHT) -> list[Plot]:
    """Every figure that the comparison has the numbers for; each is drawn when it is asked for.

    best : method whose classes are shown, by amount
    """
    found = []
    if rows:
        over_images = partial(accuracy_over_images, comparison, rows, ink=ink)
        found.append(Plot("accuracy", "Accuracy over training images", over_images))
        if len(comparison.tasks) > 1:
            each = partial(over_images, per_task=True)
            found.append(Plot("accuracy-by-task", "Accuracy over training images, by task", each))
    for amount, part in by_amount(rows).items():
        name = amount.label.replace("%", "-percent")
        found.append(Plot(f"parameters-{name}", f"Accuracy over trained parameters, {amount.words}",
                          partial(accuracy_over_parameters, comparison, rows, amount, ink)))  # fmt: skip
        if comparison.measure == "accuracy" and curves_at(comparison, amount):
            found.append(Plot(f"shares-{name}", f"Accuracy between zero-shot and trained weights, {amount.words}",
                              partial(accuracy_over_shares, comparison, amount, ink)))  # fmt: skip
        if any(row.difference for row in part):
            found.append(Plot(f"differences-{name}", f"Differences by task, {amount.words}",
                              partial(task_differences, comparison, rows, amount, ink)))  # fmt: skip
        method = best.get(amount, comparison.baseline)
        if method != comparison.baseline and gains_by_class(comparison, amount, method):
            found.append(Plot(f"classes-{name}", f"Gains and losses by class, {amount.words}",
                              partial(class_gains, comparison, amount, method, ink)))  # fmt: skip
    if comparison.affinity_gains:
        title = "Measured affinity against observed gain"
        found.append(Plot("affinity", title, partial(affinity_gains, comparison, ink)))
    if comparison.partitions:
        found.append(Plot("groupings", "The suggested grouping among others", partial(partitions, comparison, ink)))
    return found
