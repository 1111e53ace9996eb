"""The kinds of torture: what is promised, how it is tried, and how often."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.torture import faults, flood, hostile
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
    """How often; 0: left out, since the suite has it."""
    real_disk: bool = False
    """Whether flushes matter; else a folder in memory, where there is one."""


KINDS = (
    Kind("R1", "kill -9 at any moment: what was acknowledged is there, whole", faults.random_kills, 2000, 80, True),
    Kind("R2", "kill -9 at every I/O call: the old or the new state", faults.kills_everywhere, 1, 0),
    Kind("R3", "power loss: nothing acknowledged is gone, nothing half there", faults.power_losses, 40, 3),
    Kind("R4", "every I/O call fails: said with file and cause, nothing lost", faults.errors_everywhere, 5, 0),
    Kind("R5", "no room for a file: a sentence, never a signal", faults.full_disks, 50, 10),
    Kind("R9", "a fault while recovering from one: the next start succeeds", faults.second_faults, 200, 20),
    Kind("R10", "damaged files: found by checksum, neighbours intact", faults.damaged_files, 1000, 100),
    Kind("S1", "hostile files: a sentence, this process lives", hostile.files, 100_000, 1000),
    Kind("S5", "hostile images: skipped with a reason, this process lives", hostile.images, 10_000, 1000),
    Kind("Q4", "a flood of events: bounded, the last value shown", flood.events, 1_000_000, 100_000),
    Kind("V1", "the checks catch every broken writer", faults.broken_writers, 99, 8),
    Kind("S2", "crafted files: refused by name, nothing run or read elsewhere",
         suite("tests/storage/test_hdf5.py", "tests/storage/foreign", "tests/storage/test_checkpoint.py",
               "tests/storage/test_tensors.py", "tests/storage/test_documents.py"), 1, 0),
    Kind("S3", "names, links, pipes, archives: nothing outside is touched",
         suite("tests/storage/test_way.py", "tests/storage/test_opener.py", "tests/data/archives",
               "tests/data/test_folders_hostile.py"), 1, 0),
    Kind("S4", "the code has no way to run or write past its own doors",
         suite("tests/storage/test_static_gate.py"), 1, 0),
    Kind("D4", "two windows on one project: the second is refused", suite("tests/session/project/test_lock.py"), 1, 0),
    Kind("Q7", "versions that abort are refused in one line",
         suite("tests/session/doctor/test_versions.py", "tests/test_supply_chain.py"), 1, 0),
    Kind("Q2", "closed, stopped, paused at random moments: no abort, files whole",
         suite("tests/ui/test_moments.py", variables={"MMAP_MOMENTS": "{}"}), 500, 0),
)  # fmt: skip
