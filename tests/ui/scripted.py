"""An engine that plays a run without torch's work: the events are the real ones, the numbers are made up."""

import time
from dataclasses import replace

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.method.affinity.meter import AffinityMeter
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.search import best_grouping
from mmap_studio.method.task import TaskSpec
from mmap_studio.session import events
from mmap_studio.session.estimates.memory import ClassTexts, ClipShape
from mmap_studio.session.estimates.trained_share import BackboneFacts
from mmap_studio.session.events import PastAffinity, TriedImage, TriedImages
from mmap_studio.session.explore.selection import ImageRef
from mmap_studio.session.gallery.finding import Found
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.interrupted import InterruptedRun
from mmap_studio.session.studio.events import Loaded, Loading, Recorded, TextsCounted
from mmap_studio.session.sweep.events import SweepFound, SweepReport
from mmap_studio.session.sweep.space import parse_space
from mmap_studio.session.sweep.trial import Sweep, SweepTrial
from tests.storage.scenarios import prompt_folder
from tests.ui.scripted_trials import ScriptedTrials

CLASSES = ("fox", "car", "apple")
SHAPE = ClipShape(9_900_000, 64, 17, 192, 192, 4, 4)


def rest(qtbot, window) -> None:
    """Wait until nothing is under way and every edit is on the disk."""
    boxes = window.studio.job.mailbox, window.studio.comparisons.job.mailbox
    qtbot.waitUntil(lambda: not window.studio.busy and not any(map(len, boxes)), timeout=120000)
    window.studio.settle()


class DecodedImages:
    def __init__(self, n: int, shade: int) -> None:
        self.labels = np.arange(n) % len(CLASSES)
        self.digest = f"{n}-{shade}"
        self._shade = shade

    def __len__(self) -> int:
        return len(self.labels)

    def pixels(self, indices):
        return np.full((len(indices), 32, 32, 3), self._shade, np.uint8)


def task(name: str, shade: int) -> TaskSpec:
    return TaskSpec(name, CLASSES, *(DecodedImages(n, shade) for n in (12, 6, 9)))


def scores(method: str, names, seed: int) -> events.Scores:
    from mmap_studio.method.evaluation import score_probabilities

    rng = np.random.default_rng(seed)
    per_task = {
        name: score_probabilities(rng.dirichlet(np.ones(3), 9).astype(np.float32), np.arange(9) % 3) for name in names
    }
    return events.Scores(method, per_task, 100)


def key_of(project) -> tuple[object, ...]:
    """What an affinity is of; how it is measured comes last."""
    return project.file.backbone, tuple(entry.name for entry in project.file.tasks), project.settings.affinity.how


class ScriptedEngine(ScriptedTrials):
    """Opening is quick; a run has `steps` steps a phase, each `seconds` long; `fail` is raised in the middle."""

    def __init__(
        self,
        steps: int = 5,
        seconds: float = 0.0,
        fail: BaseException | None = None,
        interrupted: InterruptedRun | None = None,
    ) -> None:
        super().__init__()
        self.steps, self.seconds, self.fail = steps, seconds, fail
        self.asked: list[str] = []
        self.tried: list[tuple[str, tuple[str, ...] | None, list[str]]] = []
        self.recalled: list[str] = []
        self.sought: list[str | ImageRef] = []
        self.opened: list[Project] = []
        self.trained: set[tuple[str, ...]] = set()
        """Groups that the cache has, each with one loss, the number of its members."""
        self.unread: dict[str, int] = {}
        """Images that cannot be read, by task; each has ten."""
        self.interrupted = interrupted
        """The newest run of the project, where it did not end."""
        self.resumed: list[InterruptedRun | None] = []
        """Of every run, whether it goes on with one that did not end."""
        self.measured: dict[tuple[object, ...], list[events.AffinityMeasured]] = {}
        """Affinity that the cache has."""

    def opening(self, project):
        self.opened.append(project)

        def work(stop):
            yield Recorded((), (), self.interrupted)
            yield Loading("Loading the backbone")
            yield Loaded(BackboneFacts("tiny", "d1", 9_900_000, 192, 192, 4, "cpu", "float32", SHAPE, threads=3))
            tasks = tuple(task(entry.name, 40 * n % 256) for n, entry in enumerate(project.file.tasks))
            yield events.TasksReady(tasks)
            yield TextsCounted((ClassTexts(3, 5, 4),) * len(tasks))
            if self.trained:  # a run has scored it
                yield scores("zero_shot", [task.name for task in tasks], 0)
            yield events.PhaseStarted("affinity")
            own = key_of(project)
            other = (*own[:-1], "exact")
            if own not in self.measured and other in self.measured:
                yield PastAffinity("an earlier run", "exact", "affinity.order exact")
            yield from self.measured.get(own) or self.measured.get(other, ())

        return work

    def recalling(self, project, tasks, grouping, draw=True):
        self.recalled.append(grouping.text())

        def work(stop):
            from mmap_studio.method.training import TrainedGroup

            for members in grouping:
                if members in self.trained:
                    kept = dict.fromkeys(members, np.array([[1], [len(members)]], np.float32))
                    yield events.GroupReady(TrainedGroup(members, {}, {}, 1, (), True, kept), True)
                    yield events.GroupScored(members, scores("run", members, 1).per_task)
            if draw:
                yield events.MapReady(None)

        return work

    def running(self, project, groups, controls=(), only_affinity=False, edited=None, resume=False):
        self.asked.append(groups)
        self.resumed.append(self.interrupted if resume else None)
        self.interrupted = None
        names = [entry.name for entry in project.file.tasks]

        def work(stop):
            from mmap_studio.method.training import TrainedGroup

            yield events.PhaseStarted("tasks")
            yield from (events.ImagesUnread(name, count, 10) for name, count in self.unread.items())
            yield events.TasksReady(tuple(task(name, 40 * n) for n, name in enumerate(names)))
            yield TextsCounted((ClassTexts(3, 5, 4),) * len(names))
            yield events.PhaseStarted("zero_shot")
            yield scores("zero_shot", names, 0)
            if groups == "auto" or only_affinity:
                known = self.measured[key_of(project)] = []
                for event in self._affinity(names, stop):
                    known += [event] if isinstance(event, events.AffinityMeasured) else []
                    yield event
            if groups == "auto":
                mine = edited() if edited is not None else None
                grouping = mine or best_grouping(self.matrix, names).grouping
            else:
                grouping = Grouping.parse(groups, names)
            yield events.GroupingChosen(grouping, 0.5, "given")
            yield events.PhaseStarted("training")
            for group in grouping:
                if resume:
                    losses = {name: np.linspace(2.0, 1.0, 3) for name in group}
                    yield events.TrainingResumed("training", group, 3, 3 + self.steps, 2, losses)
                yield from self._steps("training", group, stop, 3 if resume else 0)
                if self.fail is not None:
                    raise self.fail
                done = TrainedGroup(group, {}, {}, 1, (dict.fromkeys(group, 0.5),), True)
                self.trained.add(group)
                yield events.GroupReady(done, False)
            for group in grouping:
                yield events.GroupScored(group, scores("run", group, 1).per_task)
            yield replace(scores("run", names, 1), grouping=grouping)
            yield events.RunEnded({}, None, None)

        return work

    def trying(self, project, task, group, files):
        self.tried.append((task.name, None if group is None else group.members, [file.name for file in files]))

        def work(stop):
            for file in files:
                stop()
                time.sleep(self.seconds)
                if "broken" in file.name:
                    yield TriedImages(task.name, (TriedImage(file, error="It is no image."),))
                else:
                    pixels, prompted = np.full((8, 8, 3), 90, np.uint8), (("fox", 0.75),) if group else ()
                    yield TriedImages(task.name, (TriedImage(file, pixels, (("car", 0.6), ("fox", 0.25)), prompted),))

        return work

    def prompts(self, project, tasks, groups, scores):
        """A real folder with made-up numbers, which says who asked for it."""
        members = [list(group.members) for group in groups]
        return replace(prompt_folder(1.0), meta={"groups": members, "methods": sorted(scores)})

    def sweeping(self, project, options):
        """Trials that are the better the later; each takes `seconds`."""

        def work(stop):
            space = parse_space(options.over, project.settings, [entry.name for entry in project.file.tasks])
            made = []
            for number in range(options.trials + 1):
                stop()
                time.sleep(self.seconds)
                changes = {one.name: one.values[number % 2] if one.values else one.low for one in space.parameters}
                made.append(
                    SweepTrial(
                        number=number, changes=changes if number else {}, state="done", values=[0.5 + number / 100]
                    )
                )
                yield SweepReport(number, options.trials + 1, made[-1].title, 1, 2)
                yield SweepReport(number + 1, options.trials + 1, made[-1].title, trial=made[-1])
            names = tuple(entry.name for entry in project.file.tasks)
            yield SweepFound(Sweep(project.name, space, names, 40, options.seeds, options.groups, tuple(made), 0.4))

        return work

    def finding(self, project, tasks, what):
        """The images of the test part, the later the nearer; a text "nothing" is refused."""
        self.sought.append(what)

        def work():
            if what == "nothing":
                raise InputError("The test images have no features yet.")
            places = {(one.name, "test"): np.linspace(0.1, 0.3, len(one.test), dtype=np.float32) for one in tasks}
            return Found(f"“{what}”" if isinstance(what, str) else "like an image", places)

        return work

    def token_counts(self, names):
        return [len(name.split()) for name in names]

    def classes_in_data(self, project, entry):
        return CLASSES

    def name_problems(self, task, names, template, prompt_tokens):
        return [f"Task {task!r}: class {name!r} has {len(name)} tokens." for name in names if len(name) > 20]

    def _affinity(self, names, stop):
        yield events.PhaseStarted("affinity")
        meter, rng = AffinityMeter(names), np.random.default_rng(2)
        self.matrix = rng.normal(0.1, 0.2, (len(names), len(names)))
        for step in range(1, self.steps + 1):
            stop()
            time.sleep(self.seconds)
            meter.update(self.matrix + rng.normal(0, 0.02, self.matrix.shape))
            yield events.AffinityMeasured(meter.snapshot(), step, self.steps)
            yield events.Progress("affinity", step, self.steps)

    def _steps(self, phase, group, stop, done=0):
        from mmap_studio.method.training import StepReport

        whole = done + self.steps
        for step in range(done + 1, whole + 1):
            stop()
            time.sleep(self.seconds)
            losses = dict.fromkeys(group, 1.0 / step)
            yield events.Stepped(phase, StepReport(group, step, whole, 1, losses, 0.1))
            yield events.Progress(phase, step, whole, cached=done)
