"""`python -m tests.torture [--fast] [--only R1,S1]`: a line of JSON for every kind of torture, and one of the sums.

Full counts take hours; `--fast` takes minutes and leaves out what the suite has in full. Linux.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from tests.torture.kinds import KINDS, Kind
from tests.torture.outcome import Outcome

IN_MEMORY = "/dev/shm"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="few repetitions, for every commit")
    parser.add_argument("--only", metavar="R1,S1", default="", help="these kinds alone")
    parser.add_argument("--count", metavar="N", type=int, help="so often in place of the full count")
    asked = parser.parse_args()
    wanted = set(filter(None, asked.only.split(",")))
    if unknown := wanted - {kind.row for kind in KINDS}:
        parser.error(f"no such kind: {', '.join(sorted(unknown))}; there are {', '.join(kind.row for kind in KINDS)}")
    whole = Outcome()
    for kind in KINDS:
        count = kind.fast if asked.fast else asked.count or kind.full
        if count and (not wanted or kind.row in wanted):
            began, outcome = time.monotonic(), tried(kind, count)
            line = {"row": kind.row, "promise": kind.promise, **outcome.as_json()}
            print(json.dumps(line | {"seconds": round(time.monotonic() - began, 1)}), flush=True)
            whole += outcome
    print(json.dumps({"torture_lost": whole.lost, "torture_torn": whole.torn, "torture_crashes": whole.crashes,
                      "trials": whole.trials}), flush=True)  # fmt: skip
    raise SystemExit(bool(whole.lost or whole.torn or whole.crashes))


def tried(kind: Kind, count: int) -> Outcome:
    """One kind of torture in a folder of its own; an error of the torture itself is a crash."""
    quick = not kind.real_disk and os.access(IN_MEMORY, os.W_OK)
    folder = Path(tempfile.mkdtemp(prefix="mmap-studio-torture-", dir=IN_MEMORY if quick else None))
    try:
        return kind.run(folder, count)
    except Exception as error:
        return Outcome(1, crashes=1, notes=[repr(error)])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
