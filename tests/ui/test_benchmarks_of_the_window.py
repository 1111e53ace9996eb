"""What `python -m benchmarks ui` measures, on a scripted window: the arithmetic and the form, never a time."""

import numpy as np
import pytest

from benchmarks import window as scene
from tests.lazy import imported_later

with imported_later():
    from benchmarks import ui

pytestmark = pytest.mark.slow


def test_beats_that_were_left_out_are_put_in():
    assert scene.filled(np.array([0.0, -0.2, 12.0, 4.0])).tolist() == [0, 0, 12, 7, 2, 4]


def test_every_figure_of_the_window(make, monkeypatch):
    monkeypatch.setattr(ui, "SIZES", (8,))
    window = make()
    figures = [*ui.latenesses(window, 1, 0.1), ui.drops(window, 2), *ui.heatmaps(1), ui.growth(window, 10, 10)]
    names = [f"event_loop_lateness_{part}_ms" for part in ("p50", "p95", "p99", "max")]
    assert [figure.figure for figure in figures] == [
        *names, "event_loop_longest_work_ms",
        "drop_to_redraw_ms", "heatmap_update_ms_8", "memory_growth_mb_10000_steps",
    ]  # fmt: skip
    beside = list(ui.beside_processes(window, 1))
    assert [figure.figure for figure in beside] == [
        *(name.replace("lateness", "lateness_processes") for name in names), "event_loop_longest_work_processes_ms"
    ]  # fmt: skip
    assert all("in the window's own process" in figure.against for figure in beside)
    assert len(window.studio.comparisons.ledger.trials) >= 2, "the last comparison is made"
    assert all("offscreen" in figure.against for figure in figures)
    assert window.studio.board.grouping.groups[1], "the card came and went"
    lateness = [figure.value for figure in figures[:4]]
    assert lateness == sorted(lateness)


def test_a_repaint_is_waited_for(make):
    window = make()
    assert scene.painted_ms(window.views.board, window.views.board.update) > 0


@pytest.mark.parametrize("which", ["studio", "bare"])
def test_the_first_paint_is_told_by_a_process_of_its_own(tmp_path, which):
    import subprocess
    import sys
    import time

    command = [sys.executable, "-m", "benchmarks.first_paint", which, str(time.time())]
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=scene.own_folders(tmp_path))
    wall, work = map(float, told.stdout.split()[-2:])
    assert wall > 0
    assert work > 0
