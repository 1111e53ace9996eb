"""Ctrl+C and SIGTERM at several moments: the exit code, what is kept, and going on."""

import json
import os
import signal
import time

import pytest

from tests.cli.conftest import process, settings
from tests.clock import working_beside

pytestmark = pytest.mark.slow

LIMIT = 1.0
"""Seconds."""
LONG = settings("train.epochs=400", "affinity.epochs=400")


def stopped(one, number=signal.SIGINT):
    """Send the signal; exit code, stdout, stderr and the seconds it took."""
    with working_beside() as seconds:
        one.send_signal(number)
        out, err = one.communicate()
    return one.returncode, out, err, seconds[0]


def wait_for(condition, one):
    while not condition():
        assert one.poll() is None, one.stderr.read()
        time.sleep(0.02)


@pytest.mark.parametrize("seen", ["torch._utils", "torch.nn.modules"])
def test_while_torch_is_being_imported(project, seen):
    telling = {"env": os.environ | {"PYTHONPROFILEIMPORTTIME": "1"}}
    with process("run", project, *LONG, "--groups", "separate", **telling) as one:
        for line in one.stderr:
            if line.split()[-1] == seen:
                break
        code, out, err, seconds = stopped(one)
    assert (code, out) == (130, "")
    assert "Traceback" not in err
    assert "torch" not in [line.split()[-1] for line in err.splitlines()], "it was imported to its end first"
    assert seconds < LIMIT


def groups_begun(project, runs):
    """How many groups have steps in the run folder that is not one of these."""
    rows = [json.loads(line) for run in set((project / "runs").glob("*")) - runs for line in lines(run)]
    return len({tuple(row["members"]) for row in rows if row.get("phase") == "training"})


def lines(run):
    path = run / "metrics.jsonl"
    return path.read_text().split("\n")[:-1] if path.exists() else []


def test_a_hang_up_keeps_the_prompts_as_ctrl_c_does(project):
    change, runs = settings("train.epochs=83"), set((project / "runs").glob("*"))
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a child of what ignores it, as under nohup, would as well
    try:
        started = process("run", project, *change, "--groups", "separate", "--json")
    finally:
        signal.signal(signal.SIGHUP, before)
    with started as one:
        wait_for(lambda: groups_begun(project, runs) == 2, one)
        code, _, err, _ = stopped(one, signal.SIGHUP)
    assert code == 129
    assert "Stopped. Kept: 1 of 2 groups." in err
    (run,) = set((project / "runs").glob("*")) - runs
    assert json.loads((run / "run.json").read_text())["state"] == "cancelled"
    assert (run / "prompts" / "mmap.json").exists()


def test_at_the_very_beginning_there_is_no_traceback_of_ours(project):
    for wait in (0.05, 0.1, 0.2):
        with process("info", "settings") as one:
            time.sleep(wait)
            code, _, err, _ = stopped(one)
        # before that Python imports the package's own first lines, and a signal is Python's
        assert code in (0, 130) or "mmap_studio/cli" not in err


def test_in_training_keeps_what_is_finished_and_resume_goes_on(project, mmap):
    change, runs = settings("train.epochs=61"), set((project / "runs").glob("*"))
    with process("run", project, *change, "--groups", "separate", "--json") as one:
        wait_for(lambda: groups_begun(project, runs) == 2, one)
        code, out, err, seconds = stopped(one)
    assert (code, out) == (130, "")
    assert seconds < LIMIT
    assert "Stopped. Kept: 1 of 2 groups." in err
    assert "The prompts so far are in" in err
    assert err.strip().endswith("--groups separate --json --resume")

    resumed = mmap("run", project, *change, "--groups", "separate", "--json", "--resume")
    assert resumed.exit_code == 0
    assert "1 groups trained" in resumed.stderr or "1 group trained" in resumed.stderr
    stopped_run = max((project / "runs").iterdir())
    assert json.loads(resumed.stdout)["paths"]["run"] == str(stopped_run)


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
    assert "This project has no unfinished run" in result.stderr
