"""Ctrl+C and SIGTERM at several moments: the exit code, what is kept, and going on."""

import json
import signal
import time

import pytest

from tests.cli.conftest import finished, process, settings

LIMIT = 6.0
"""Seconds on a busy machine; a quiet one needs less than one."""
LONG = settings("train.epochs=400", "affinity.epochs=400")


def stopped(one, number=signal.SIGINT):
    """Send the signal; exit code, stdout, stderr and the seconds it took."""
    one.send_signal(number)
    began = time.monotonic()
    out, err = one.communicate(timeout=60)
    return one.returncode, out, err, time.monotonic() - began


def wait_for(condition, one):
    for _ in range(4000):
        if condition() or one.poll() is not None:
            return
        time.sleep(0.02)


@pytest.mark.parametrize("after", [0.35, 1.5])
def test_while_torch_is_being_imported(project, after):
    with process("run", project, *LONG, "--groups", "separate") as one:
        time.sleep(after)
        code, out, err, seconds = stopped(one)
    assert (code, out) == (130, "")
    assert "Traceback" not in err
    assert seconds < LIMIT


def test_in_training_keeps_what_is_finished_and_resume_goes_on(project, place):
    cache = place / "cache" / "prompts"
    before = set(cache.glob("*.h5"))
    change = settings("train.epochs=61")
    with process("run", project, *change, "--groups", "separate", "--json") as one:
        wait_for(lambda: set(cache.glob("*.h5")) - before, one)
        time.sleep(0.3)  # the group is on disk a moment before the command has heard of it
        code, out, err, seconds = stopped(one)
    assert (code, out) == (130, "")
    assert seconds < LIMIT
    assert "Stopped. Kept: 1 of 2 groups." in err
    assert "The prompts so far are in" in err
    assert err.strip().endswith("--groups separate --json --resume")

    code, out, err = finished("run", project, *change, "--groups", "separate", "--json", "--resume")
    document = json.loads(out)
    assert code == 0
    assert "1 groups trained" in err or "1 group trained" in err
    stopped_run = max((project / "runs").iterdir())
    assert document["paths"]["run"] == str(stopped_run)


def test_sigterm_in_stage_one(project):
    with process("run", project, *LONG) as one:
        for line in one.stderr:
            if line.startswith("Zero-shot"):
                break
        code, _, err, seconds = stopped(one, signal.SIGTERM)
    assert code == 143
    assert seconds < LIMIT
    assert "--resume" in err


def test_resume_without_an_unfinished_run_says_so(place, mmap, done):
    folder = place / "fresh"
    mmap("new", folder, "--data", place / "data", "--backbone", place / "tiny.json", "--set", "train.epochs=1")
    result = mmap("run", folder, "--resume", "--groups", "together", "--set", "prompt.source_columns=8")
    assert result.exit_code == 0, result.output
    assert "No run of this project is unfinished" in result.stderr
