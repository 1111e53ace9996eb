"""Rows R2 and R4 of the test plan: every call of every artifact is killed and failed."""

import errno
from pathlib import Path

import pytest

from tests.storage.checks import check_errors_everywhere, check_flush_order, check_kill_everywhere
from tests.storage.scenarios import SCENARIOS, Scenario

CODES = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EDQUOT)
counted: dict[str, int] = {}


@pytest.fixture(params=SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def scenario(request: pytest.FixtureRequest) -> Scenario:
    value: Scenario = request.param
    return value


def test_a_kill_at_any_call_leaves_the_old_or_the_new_state(scenario: Scenario, tmp_path: Path) -> None:
    counted[scenario.name] = check_kill_everywhere(scenario, tmp_path)


def test_at_least_500_kill_points_were_tried() -> None:
    assert len(counted) < len(SCENARIOS) or sum(counted.values()) >= 500


@pytest.mark.parametrize("forever", [False, True], ids=["once", "for-ever"])
def test_an_error_at_any_call_is_told_and_loses_nothing(scenario: Scenario, forever: bool, tmp_path: Path) -> None:
    assert check_errors_everywhere(scenario, tmp_path, CODES, [forever]) > 40


def test_bytes_reach_the_disk_before_their_name(scenario: Scenario, tmp_path: Path) -> None:
    assert check_flush_order(scenario, tmp_path) > 4
