"""The kinds of torture: what is promised, how it is tried, and how often."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.torture import faults, flood, hostile, places, slots, starter, traced, trainings, waits
from tests.torture.outcome import Outcome
from tests.torture.suites import suite


@dataclass(frozen=True)
class Kind:
    row: str
    promise: str
    run: Callable[[Path, int], Outcome]
    """Folder and count -> what came of it."""
    full: int
    fast: int
    """How often, or how many seconds of it (Q3); 0: left out, since the suite has it."""
    real_disk: bool = False
    """Whether flushes matter; else a folder in memory, where there is one."""


KINDS = (
    Kind("R1", "kill -9 at any moment: what was acknowledged is there, whole", faults.random_kills, 2000, 80, True),
    Kind("R2", "kill -9 at every I/O call: the old or the new state", faults.kills_everywhere, 1, 0),
    Kind("R3", "power loss: nothing acknowledged is gone, nothing half there", faults.power_losses, 40, 3),
    Kind("R4", "every I/O call fails: said with file and cause, nothing lost", faults.errors_everywhere, 5, 0),
    Kind("R5", "no room for a file: a sentence, never a signal", faults.full_disks, 50, 10),
    Kind("R6", "out of memory at every step: it goes on in smaller parts, to the same prompts",
         trainings.out_of_memory, 50, 2),
    Kind("R7", "the device lost, or the process killed: the next run goes on, to the same bits",
         trainings.devices_lost, 50, 0),
    Kind("R8", "NaN and infinity: no prompt and no affinity has them, the groups are whole",
         trainings.not_finite, 50, 1),
    Kind("R9", "a fault while recovering from one: the next start succeeds", faults.second_faults, 200, 20),
    Kind("R10", "damaged files: found by checksum, neighbours intact", faults.damaged_files, 1000, 100),
    Kind("R11", "kill -9 in a run of the starter: it ends with the same bits, at most 30 s of work are lost",
         starter.kills, 100, 0, True),
    Kind("S1", "hostile files: a sentence, this process lives", hostile.files, 100_000, 1000),
    Kind("S6", "traced by strace, no command asks for the internet, or writes outside its folders",
         traced.commands, 1, 0),
    Kind("S5", "hostile images: skipped with a reason, this process lives", hostile.images, 10_000, 1000),
    Kind("Q3", "the window while it trains: its event loop keeps nothing waiting for long", waits.event_loop, 600, 0),
    Kind("Q4", "a flood of events: bounded, the last value shown", flood.events, 1_000_000, 100_000),
    Kind("Q5", "a long training: memory, threads and open files stay level", trainings.long_run, 100_000, 300),
    Kind("V1", "the checks catch every broken writer", faults.broken_writers, 99, 8),
    Kind("S2", "crafted files: refused by name, nothing run or read elsewhere",
         suite("tests/storage/test_hdf5.py", "tests/storage/foreign", "tests/storage/test_model_weights.py",
               "tests/storage/test_tensors.py", "tests/storage/test_documents.py"), 1, 0),
    Kind("S3", "names, links, pipes, archives: nothing outside is touched",
         suite("tests/storage/test_no_links.py", "tests/storage/test_opener.py", "tests/data/archives",
               "tests/data/test_folders_hostile.py"), 1, 0),
    Kind("S4", "the code has no way to run or write past its own doors",
         suite("tests/storage/test_static_gate.py"), 1, 0),
    Kind("D1", "faults of a data set: each said by name before a training, or read right",
         suite("tests/data/test_survey.py", "tests/session/dataset", "tests/session/ingest"), 1, 0),
    Kind("D2", "images changed while a training runs: it ends or says why, nothing stale is used",
         places.changed_images, 200, 6),
    Kind("D3", "the clock set back and forth: runs in their order, whole, no negative time", trainings.clocks, 20, 4),
    Kind("D4", "two windows on one project: the second is refused, and takes over after a kill",
         places.takeovers, 100, 3),
    Kind("Q1", "an error in any function of the window that Qt calls: it is shown, and the window lives",
         slots.exceptions_everywhere, 2000, 0),
    Kind("Q6", "nothing is left behind by a test of the window: threads, timers, animations, processes, widgets, files",
         suite("tests/ui"), 1, 0),
    Kind("Q7", "versions that abort are refused in one line",
         suite("tests/session/doctor/test_versions.py", "tests/test_supply_chain.py"), 1, 0),
    Kind("Q2", "closed, stopped, paused at random moments: no abort, files whole",
         suite("tests/ui/test_moments.py", variables={"MMAP_MOMENTS": "{}"}), 500, 0),
)  # fmt: skip
