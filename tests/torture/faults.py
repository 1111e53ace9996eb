"""Faults of the disk and of processes, over every scenario of `tests/storage/scenarios.py`."""

import errno
import random
import resource
import signal
from collections.abc import Callable
from pathlib import Path

from tests.storage import checks, test_corruption, test_faults, test_kills, test_mutants
from tests.storage.faults import failing, in_child, killing
from tests.storage.scenarios import SCENARIOS, Scenario
from tests.torture.outcome import Outcome, counted
from tests.torture.power_loss import check_power_loss


def each(folder: Path, check: Callable[[Scenario, Path], int]) -> Outcome:
    """A check of every scenario, in a folder of its own."""
    outcome = Outcome()
    for scenario in SCENARIOS:
        place = folder / scenario.name.replace(" ", "-")
        place.mkdir()
        outcome += counted(lambda scenario=scenario, place=place: check(scenario, place))  # type: ignore[misc]
    return outcome


def random_kills(folder: Path, count: int) -> Outcome:
    """SIGKILL at random moments of children that commit and acknowledge."""
    outcome, acknowledged = Outcome(), 0
    test_kills.KILLS = count // len(test_kills.ARTIFACTS)
    for name in test_kills.ARTIFACTS:
        place = folder / name.replace(" ", "-")
        place.mkdir()
        one = counted(lambda name=name, place=place: test_kills.kill_at_random(name, place))  # type: ignore[misc]
        if not one.notes:
            acknowledged, one.trials = acknowledged + one.trials, test_kills.KILLS
        outcome += one
    outcome.notes.append(f"{acknowledged} commits were acknowledged")
    return outcome


def kills_everywhere(folder: Path, count: int) -> Outcome:
    return each(folder, checks.check_kill_everywhere)


def errors_everywhere(folder: Path, count: int) -> Outcome:
    """`count` error numbers, once and for ever, at every call."""
    codes = test_faults.CODES[:count]
    return each(folder, lambda scenario, place: checks.check_errors_everywhere(scenario, place, codes, [False, True]))


def power_losses(folder: Path, count: int) -> Outcome:
    """`count` draws at every call."""
    outcome = Outcome()
    for scenario in SCENARIOS:
        place = folder / scenario.name.replace(" ", "-")
        place.mkdir()
        outcome += check_power_loss(scenario, place, count)
    return outcome


def full_disks(folder: Path, count: int) -> Outcome:
    """Files may not grow beyond a limit, for `count` limits up to the largest file of a scenario."""
    outcome = Outcome()
    for scenario in SCENARIOS:
        (folder / scenario.name).mkdir()
        rehearsal = checks.rehearse(scenario, folder / scenario.name / "rehearsal")
        for number in range(count):
            limit = int(12_000 * (number / count) ** 2)
            with checks.fresh(folder, rehearsal.before) as root:
                ended, _ = in_child(lambda _, work=(scenario, root, limit): _within(*work))  # type: ignore
                outcome += _judged(scenario, root, rehearsal, ended, f"limit {limit} of {scenario.name}")
    return outcome


def _within(scenario: Scenario, root: Path, limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    checks.attempt(scenario, root, checks.Watched())


def _judged(scenario: Scenario, root: Path, rehearsal: checks.Rehearsal, ended: int, where: str) -> Outcome:
    """Of a child that should have ended by itself: whether it did, and whether what it left is old or new."""
    outcome = Outcome(1)
    if ended != 256:
        outcome.crashes += 1
        outcome.notes.append(f"{where}: the process ended with {ended}")
    try:
        checks.sweep_all(root)
        assert checks.observed(scenario, root) in rehearsal.states, f"{where}: neither old nor new"
    except AssertionError as error:
        outcome.torn += 1
        outcome.notes.append(f"{where}: {error}")
    return outcome


def second_faults(folder: Path, count: int) -> Outcome:
    """A kill, then a kill or an error while the next start clears up; the start after that must succeed."""
    outcome, chance = Outcome(), random.Random(0)
    rehearsals = []
    for scenario in SCENARIOS:
        (folder / scenario.name).mkdir()
        rehearsals.append((scenario, checks.rehearse(scenario, folder / scenario.name / "rehearsal")))
    for number in range(count):
        scenario, rehearsal = rehearsals[number % len(rehearsals)]
        at = chance.randint(1, rehearsal.ends[-1])
        with checks.fresh(folder, rehearsal.before) as root:
            in_child(checks.work(scenario, root, killing(at, chance.choice([0.0, 0.5]))))
            second = chance.randint(1, 6)
            code = chance.choice([0, errno.ENOSPC, errno.EIO, errno.EACCES])
            fault = failing(second, code, forever=chance.random() < 0.5) if code else killing(second)
            ended, _ = in_child(lambda _, root=root, fault=fault: checks.sweep_under(root, fault))  # type: ignore
            if not code and ended == signal.SIGKILL:
                ended = 256
            outcome += _judged(scenario, root, rehearsal, ended, f"{scenario.name}, calls {at} and {second}")
            if checks.leftovers(root):
                outcome.torn += 1
                outcome.notes.append(f"{scenario.name}, calls {at} and {second}: something half-written is left")
    return outcome


def damaged_files(folder: Path, count: int) -> Outcome:
    """Flipped bytes and cut ends: each found by its checksum, its neighbours intact."""
    outcome = Outcome()
    parts = (test_corruption.check_cache_corruption, test_corruption.check_prompt_corruption,
             test_corruption.check_run_corruption)  # fmt: skip
    for number, check in enumerate(parts):
        place = folder / str(number)
        place.mkdir()
        outcome += counted(lambda check=check, place=place: check(place, count // len(parts)))  # type: ignore[misc]
    return outcome


def broken_writers(folder: Path, count: int) -> Outcome:
    """The checks themselves: each of the first `count` ways to break the writer must be caught by one of them."""
    outcome = Outcome()
    for number, mutant in enumerate(test_mutants.MUTANTS[:count]):
        place = folder / str(number)
        place.mkdir()
        outcome.trials += 1
        if test_mutants.verdict(mutant.name, place) != test_mutants.CAUGHT:
            outcome.torn += 1
            outcome.notes.append(f"not caught: {mutant.name}")
    return outcome
