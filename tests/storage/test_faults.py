"""Every call of every artifact is killed and failed."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storage.checks import (
    check_errors_everywhere,
    check_failed_appends,
    check_kill_everywhere,
    check_short_writes,
)
from tests.storage.power import check_flush_order
from tests.storage.scenarios import SCENARIOS, Scenario

pytestmark = pytest.mark.slow

CODES = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EDQUOT)
KILLS = {"cache artifact": 30, "prompt folder": 280, "run folder": 110, "texts": 50, "recovery": 50}
"""How many kill points every scenario has at least."""
Apart = Callable[..., int]


@pytest.fixture(params=SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def scenario(request: pytest.FixtureRequest) -> Scenario:
    value: Scenario = request.param
    return value


def test_a_kill_at_any_call_leaves_the_old_or_the_new_state(
    scenario: Scenario, quick_folder: Path, apart: Apart
) -> None:
    assert apart(check_kill_everywhere, scenario, quick_folder) >= KILLS[scenario.name]


def test_at_least_500_kill_points_are_tried() -> None:
    assert sum(KILLS[scenario.name] for scenario in SCENARIOS) >= 500


@pytest.mark.parametrize("forever", [False, True], ids=["once", "for-ever"])
def test_an_error_at_any_call_is_told_and_loses_nothing(
    scenario: Scenario, forever: bool, quick_folder: Path, apart: Apart
) -> None:
    assert apart(check_errors_everywhere, scenario, quick_folder, CODES, [forever]) > 40


def test_bytes_reach_the_disk_before_their_name(scenario: Scenario, quick_folder: Path) -> None:
    assert check_flush_order(scenario, quick_folder) > 4


def test_writes_that_take_a_few_bytes_are_gone_on_with(scenario: Scenario, quick_folder: Path) -> None:
    assert check_short_writes(scenario, quick_folder) > 1


def test_a_line_that_failed_is_not_there(quick_folder: Path) -> None:
    assert check_failed_appends(quick_folder) >= 4
