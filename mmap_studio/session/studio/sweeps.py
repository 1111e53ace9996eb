"""The sweep of a window: its job, its trials so far, and its settings put to use.

It has a job of its own, as a comparison has; one training at a time: it begins only where nothing else is trained, and
a run that is asked for meanwhile waits for its end.
"""

from collections.abc import Callable

from mmap_studio.errors import InputError
from mmap_studio.formatting import counted
from mmap_studio.session.events import Event
from mmap_studio.session.listeners import Listeners
from mmap_studio.session.project.project import Project
from mmap_studio.session.runtime.job import BackgroundJob, Finished, State
from mmap_studio.session.studio.engine import StudioEngine, loading_text
from mmap_studio.session.sweep.events import SweepFound, SweepReport
from mmap_studio.session.sweep.options import SweepOptions
from mmap_studio.session.sweep.sampler import check_optuna
from mmap_studio.session.sweep.space import Space, parse_space, usual_space
from mmap_studio.session.sweep.trial import Sweep, SweepTrial


class Sweeps:
    """What a window knows of sweeping.

    training : whether something else is trained
    """

    def __init__(self, engine: StudioEngine, training: Callable[[], bool]) -> None:
        self._engine, self._training, self.job = engine, training, BackgroundJob()
        self.project: Project | None = None
        """Whose sweep this is, as it was when it began."""
        self.space: Space | None = None
        """What it varies."""
        self.trials: list[SweepTrial] = []
        self.found: Sweep | None = None
        """The whole of it, at its end."""
        self.text = ""
        """What is done, or was last."""
        self.problem = ""
        """Why it failed, in one sentence."""
        self._listeners = Listeners[[Event]]()

    @property
    def busy(self) -> bool:
        """Whether trials are being made."""
        return self.job.busy

    def listen(self, listener: Callable[[Event], object]) -> Callable[[], None]:
        """Hear every event; the function it returns ends that."""
        return self._listeners.listen(listener)

    def start(self, project: Project, options: SweepOptions) -> None:
        """Begin. InputError without Optuna, for options that cannot be meant, and while something is trained."""
        check_optuna()
        options.check()
        if not project.file.tasks:
            raise InputError("A sweep needs tasks; add folders of images first.")
        if self.busy or self._training():
            raise InputError("Something is being trained; stop it or wait for its end, then start the sweep.")
        names = [entry.name for entry in project.file.tasks]
        self.space = parse_space(options.over or usual_space(project.settings), project.settings, names)
        self.project, self.trials, self.found, self.problem = project, [], None, ""
        self.text = loading_text(project)
        self.job.start(self._engine.sweeping(project, options))

    def stop(self) -> None:
        """End after what is being computed, keeping what is made."""
        self.job.stop()

    def forget(self) -> None:
        """Another project is open: what was found was of the old one."""
        self.job.stop()
        self.project = self.space = self.found = None
        self.trials, self.text, self.problem = [], "", ""

    def close(self, seconds: float) -> bool:
        """True when no thread is left."""
        self.job.stop()
        return self.job.join(seconds)

    def poll(self) -> None:
        """Hear what the job said since the last time."""
        while (letter := self.job.mailbox.take()) is not None:
            if letter.run == self.job.run and self.project is not None:
                self._hear(letter.event)
            elif isinstance(letter.event, Finished):
                self._listeners(letter.event)  # of a project that was left: a run may wait for it

    def _hear(self, event: Event) -> None:
        if isinstance(event, SweepReport):
            if event.trial is not None:
                self.trials.append(event.trial)
            step = f": step {event.step} of {event.steps}" if event.steps else ""
            self.text = (
                event.text if event.notice else f"{event.done} of {counted(event.total, 'trial')} · {event.text}{step}"
            )
        elif isinstance(event, SweepFound):
            self.found = event.sweep
        elif isinstance(event, Finished):
            self.problem = event.message if event.state is State.FAILED else ""
            said = {State.DONE: "Done", State.CANCELLED: "Stopped; what is made is kept, and goes on with Start"}
            self.text = self.problem or said.get(event.state, "")
        self._listeners(event)
