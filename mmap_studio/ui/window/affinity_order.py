"""The choice between exact and first-order affinity: shows the other where it is cached, or offers to measure it."""

from functools import partial

from mmap_studio.config import settings_from
from mmap_studio.session.events import Event
from mmap_studio.session.runtime.job import Finished
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.affinity.controls import MEASURED
from mmap_studio.ui.affinity.view import HeatmapView
from mmap_studio.ui.window.notice import NoticeBar


class AffinityOrder:
    """Changes the setting, looks into the cache, and compares what it found with what was chosen."""

    def __init__(self, studio: Studio, heatmap: HeatmapView, notice: NoticeBar) -> None:
        self.studio, self.heatmap, self.notice = studio, heatmap, notice
        self._shown = self._wanted = ""
        heatmap.header.order_wanted.connect(self.want)
        studio.listen(self.hear)

    def want(self, order: str) -> None:
        """Choose an order, one undoable step; during a run, for the next measurement."""
        project = self.studio.project
        assert project is not None
        self._shown = next(str(key) for key in MEASURED if key != order)
        self.heatmap.set_measured(self._shown)  # until the other one is there
        self.studio.set_settings(settings_from(project.settings.model_dump(), {"affinity.order": order}))
        if self.studio.jobs.doing == "running":
            said = f"The next measurement of affinity will be {MEASURED[order]}; this run is not changed."
            self.notice.say(said, {})
            return
        self._wanted = order
        self.studio.jobs.refresh()

    def hear(self, event: Event) -> None:
        """Compare, once the look into the cache has ended."""
        if not self._wanted or not isinstance(event, Finished) or self.studio.jobs.doing != "opening":
            return
        wanted, self._wanted = self._wanted, ""
        if self.heatmap.header.measured.key != wanted or self.heatmap.shown is None:
            tip = "Measure the affinity and suggest groups, without training"
            said = f"The {MEASURED[wanted]} affinity has not been measured yet"
            shown = f"; shown is the {MEASURED[self._shown]} one." if self.heatmap.shown else "."
            measure = partial(self.studio.jobs.run, only_affinity=True)
            self.notice.say(f"{said}{shown}", {"Measure now": (tip, measure, True)})
        else:
            self.notice.hide()
