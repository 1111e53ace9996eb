"""The clock of a run: phases with their wall time."""

import time

from mmap_studio.session.events import Phase, PhaseEnded, PhaseStarted


class Clock:
    """Starts and ends phases, and adds up their seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began: dict[str, float] = {}

    def start(self, phase: Phase, note: str = "") -> PhaseStarted:
        self._began[phase] = time.monotonic()
        return PhaseStarted(phase, note)

    def end(self, phase: Phase, cached: bool = False, note: str = "") -> PhaseEnded:
        spent = time.monotonic() - self._began.pop(phase)
        self.seconds[phase] = self.seconds.get(phase, 0.0) + spent
        return PhaseEnded(phase, spent, cached, note)
