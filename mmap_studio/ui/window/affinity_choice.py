"""The choice of how affinity is measured: shows another way's where it is cached, or offers to measure it."""

from functools import partial

from mmap_studio.config import settings_from
from mmap_studio.session.events import Event
from mmap_studio.session.runtime.job import Finished
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.affinity.view import HeatmapView
from mmap_studio.ui.window.notice import NoticeBar

NOUNS = {"exact": "exact affinity", "first_order": "first-order affinity", "training": "affinity by training"}
"""By `AffinitySettings.how`."""


class AffinityChoice:
    """Changes the setting, looks into the cache, and compares what it found with what was chosen."""

    def __init__(self, studio: Studio, heatmap: HeatmapView, notice: NoticeBar) -> None:
        self.studio, self.heatmap, self.notice = studio, heatmap, notice
        self._shown = self._wanted = ""
        heatmap.header.how_wanted.connect(self.want)
        studio.listen(self.hear)

    def want(self, how: str) -> None:
        """Choose a way, one undoable step; during a run, for the next measurement."""
        project = self.studio.project
        assert project is not None
        self._shown = project.settings.affinity.how
        self.heatmap.set_measured(self._shown)  # until the other one is there
        changes = {"affinity.by": "training"} if how == "training" else {
            "affinity.by": "lookahead", "affinity.order": how}  # fmt: skip
        self.studio.set_settings(settings_from(project.settings.model_dump(), changes))
        if self.studio.jobs.doing == "running":
            self.notice.say(f"The next measurement will be of the {NOUNS[how]}; this run is not changed.", {})
            return
        self._wanted = how
        self.studio.jobs.refresh()

    def hear(self, event: Event) -> None:
        """Compare, once the look into the cache has ended."""
        if not self._wanted or not isinstance(event, Finished) or self.studio.jobs.doing != "opening":
            return
        wanted, self._wanted = self._wanted, ""
        if self.heatmap.header.measured.key != wanted or self.heatmap.shown is None:
            tip = "Measure the affinity and suggest groups, without training"
            said = f"The {NOUNS[wanted]} has not been measured yet"
            shown = f"; shown is the {NOUNS[self._shown]}." if self.heatmap.shown else "."
            measure = partial(self.studio.jobs.run, only_affinity=True)
            self.notice.say(f"{said}{shown}", {"Measure now": (tip, measure, True)})
        else:
            self.notice.hide()
