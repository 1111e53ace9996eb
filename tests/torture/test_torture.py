"""The torture itself: each kind can be run, says what it did, and counts what it finds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmap_studio.session.project.lock import ProjectLock
from tests.commands import without_line
from tests.storage.scenarios import SCENARIOS
from tests.torture import faults, flood, hostile, places, power_loss, traced, trainings, waits
from tests.torture.__main__ import tried
from tests.torture.kinds import KINDS, Kind
from tests.torture.outcome import Outcome, counted
from tests.torture.power_loss import Step, left_after, replay, steps_of
from tests.torture.suites import suite

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fork and limits")]
ROOT = Path(__file__).parents[2]


def test_the_run_prints_a_line_a_kind_and_the_sums():
    command = [sys.executable, "-m", "tests.torture", "--fast", "--only", "R10,Q4"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    damaged, flooded, sums = map(json.loads, done.stdout.splitlines())
    assert (damaged["row"], damaged["trials"], damaged["torn"]) == ("R10", 99, 0)
    assert (flooded["row"], flooded["lost"]) == ("Q4", 0)
    assert {key: sums[key] for key in ("torture_lost", "torture_torn", "torture_crashes")} == {
        "torture_lost": 0, "torture_torn": 0, "torture_crashes": 0,
    }  # fmt: skip
    assert sums["trials"] == 99 + flooded["trials"]


def test_every_command_is_traced_and_what_it_does_outside_is_found():
    assert without_line(traced.COMMANDS) == []
    calls = [
        'openat(AT_FDCWD</w>, "/f/x", O_RDWR|O_CREAT, 0666) = 3</f/x>',
        'openat(5</etc>, "y", O_WRONLY|O_CREAT, 0666) = 3</etc/y>',
        'openat(AT_FDCWD</w>, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3</etc/passwd>',
        'openat(AT_FDCWD</w>, "/etc/z", O_RDWR) = -1 EACCES (Permission denied)',
        'openat(AT_FDCWD</w>, "/dev/null", O_RDWR) = 3</dev/null>',
        'mkdir("/f/m", 0777) = 0', 'mkdir("/home/m", 0777) = 0', 'unlink("/home/n") = -1 ENOENT (No such file)',
        'connect(3<socket:[1]>, {sa_family=AF_UNIX, sun_path="/tmp/.X11-unix/X0"}, 110) = 0',
        "socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<TCP:[1]>",
    ]  # fmt: skip
    assert list(traced._outside(calls, "/f")) == ["/etc/y", "/home/m", calls[-1]]


def test_what_is_found_is_counted_and_ends_the_run_with_1(tmp_path, monkeypatch, capsys):
    from tests.torture import __main__ as program

    def bad(folder: Path, count: int) -> Outcome:
        return Outcome(3, lost=1, torn=2, notes=["n" * 1000])

    def broken(folder: Path, count: int) -> Outcome:
        raise OSError("no forks left")

    monkeypatch.setattr(program, "KINDS", (Kind("A", "a", bad, 1, 1), Kind("B", "b", broken, 1, 1), KINDS[0]))
    monkeypatch.setattr(sys, "argv", ["torture", "--only", "A,B"])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 1
    first, second, sums = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["lost"], first["torn"], len(first["notes"][0])) == (1, 2, 300)
    assert (second["crashes"], second["notes"]) == (1, ["OSError('no forks left')"])
    assert (sums["torture_lost"], sums["torture_torn"], sums["torture_crashes"]) == (1, 2, 1)


@pytest.mark.parametrize(
    ("said", "lost", "torn", "crashes"),
    [
        ("an acknowledged artifact is gone", 1, 0, 0),
        ("x is none of y", 0, 1, 0),
        ("the child failed by itself", 0, 0, 1),
    ],
)
def test_a_failed_check_is_counted_by_its_kind(said, lost, torn, crashes):
    def check() -> int:
        raise AssertionError(said)

    one = counted(check)
    assert (one.trials, one.lost, one.torn, one.crashes, one.notes) == (1, lost, torn, crashes, [said])


def test_a_disk_that_was_never_flushed_loses_something(tmp_path, monkeypatch):
    """So the replay of power cuts can find what it looks for."""

    def unflushed(*arguments):
        return [Step(**{**vars(one), "safe": 1 << 62}) for one in steps_of(*arguments)]

    monkeypatch.setattr(power_loss, "steps_of", unflushed)
    found = power_loss.check_power_loss(SCENARIOS[0], tmp_path, 3)
    assert found.lost + found.torn > 0
    assert found.notes


def test_nothing_missing_replays_to_the_same_files(tmp_path):
    from tests.storage import checks

    for number, scenario in enumerate(SCENARIOS):
        place = tmp_path / str(number)
        place.mkdir()
        rehearsal = checks.rehearse(scenario, place / "rehearsal")
        calls = rehearsal.watched.trace[: rehearsal.ends[-1]]
        steps = steps_of(calls, rehearsal.watched.results, place / "rehearsal", rehearsal.before)
        with checks.fresh(place, rehearsal.before) as root:
            replay(left_after(steps, len(calls), None), root)
            assert [one for one in checks.tree(root) if ".running.lock" not in one[0]] == [
                one for one in checks.tree(place / "rehearsal") if ".running.lock" not in one[0]
            ]


def test_power_cuts_full_disks_and_second_faults_find_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(faults, "SCENARIOS", [SCENARIOS[3]])
    for name, check, count in (("power", faults.power_losses, 1), ("full", faults.full_disks, 3),
                               ("second", faults.second_faults, 3)):  # fmt: skip
        (tmp_path / name).mkdir()
        found = check(tmp_path / name, count)
        assert (found.lost, found.torn, found.crashes, found.notes) == (0, 0, 0, [])
        assert found.trials >= 3


def test_a_reader_that_dies_or_fails_is_counted_and_another_goes_on(tmp_path):
    def dies(data: bytes, _: Path) -> None:
        if sum(data) % 2:
            os.kill(os.getpid(), 9)

    def fails(data: bytes, _: Path) -> None:
        if sum(data) % 2:
            raise KeyError("nobody foresaw it")

    sound = bytes(range(64))
    deaths, outcome = hostile.batch(sound, dies, tmp_path, 20, "x")
    assert outcome.trials == 20
    assert 0 < deaths < 20
    deaths, outcome = hostile.batch(sound, fails, tmp_path, 20, "x")
    assert (deaths, 0 < outcome.crashes < 20) == (0, True)


def test_hostile_files_and_images_are_sentences(tmp_path):
    for check, count in ((hostile.files, 60), (hostile.images, 40)):
        found = check(tmp_path, count)
        assert (found.crashes, found.trials >= count) == (0, True)


def test_tests_of_the_suite_are_counted(tmp_path):
    (tmp_path / "test_two.py").write_text("def test_a(): pass\ndef test_b(): assert 0\n")
    found = suite(str(tmp_path / "test_two.py"))(tmp_path, 1)
    assert (found.trials, found.torn, found.crashes) == (2, 1, 0)
    (tmp_path / "none.py").write_text("")
    found = suite(str(tmp_path / "none.py"))(tmp_path, 1)
    assert (found.trials, found.crashes) == (0, 1)
    with pytest.raises(ValueError, match=r"tests that are not there: .*gone\.py"):
        suite(str(tmp_path / "gone.py"))


def test_a_flood_is_bounded(tmp_path):
    assert (flood.events(tmp_path, 10_000).lost, KINDS[0].row) == (0, "R1")


def hearts(late, work=10.0, **changes):
    return {"beats": 9, "work_ms": work, "late_ms": dict(zip(("50", "95", "99", "100"), late, strict=True)),
            "seconds": 1, "runs": 1, "drags": 1, "measurements": 1} | changes  # fmt: skip


@pytest.mark.parametrize(
    ("window", "bare", "torn", "crashes"),
    [
        (hearts((2, 16, 50, 200)), hearts((0, 0, 0, 0)), 0, 0),
        (hearts((3, 17, 51, 201)), hearts((0, 0, 0, 0)), 4, 0),
        (hearts((6, 60, 150, 300)), hearts((2, 20, 50, 90)), 1, 0),  # a busy computer explains all but the last
        (hearts((1, 1, 1, 190), work=201.0), hearts((0, 0, 0, 0)), 1, 0),
        (hearts((1, 1, 1, 1), drags=0), hearts((0, 0, 0, 0)), 0, 1),
    ],
)
def test_waits_that_the_load_does_not_explain_are_counted(window, bare, torn, crashes):
    found = waits.judged(window, bare)
    assert (found.trials, found.torn, found.crashes) == (9, torn, crashes)


def test_the_window_trains_and_is_dragged_in_while_both_hearts_beat(tmp_path):
    found = waits.event_loop(tmp_path, 2)
    assert found.crashes == 0, found.notes
    assert found.trials > 0


def test_two_owners_of_a_project_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(ProjectLock, "acquire", lambda self: None)
    assert places.takeovers(tmp_path, 2).torn == 2


def test_pixels_of_files_that_changed_since_are_found(tmp_path, monkeypatch):
    from mmap_studio.session.dataset.pixel_index import PixelIndex

    keep = lambda self, domain: self if len(self.shard) == len(domain.files) else PixelIndex.empty(domain)  # noqa: E731
    monkeypatch.setattr(PixelIndex, "carried_to", keep)
    monkeypatch.setattr(places, "CHANGES", {"replace": places._replace})
    assert places.changed_images(tmp_path, 2).torn


def test_prompts_that_are_not_finite_are_found(tmp_path, monkeypatch):
    from mmap_studio.method.optimizer import SafeStepper

    def careless(self, step, losses, names):
        self.optimizer.step()
        self.optimizer.zero_grad()
        return True

    monkeypatch.setattr(trainings, "POISONS", {"gradient": trainings.POISONS["gradient"]})
    assert trainings.not_finite(tmp_path / "sound", 1).torn == 0
    monkeypatch.setattr(SafeStepper, "take", careless)
    found = trainings.not_finite(tmp_path / "unsound", 8)
    assert found.torn + found.crashes > 0


def test_every_kind_is_in_the_table_of_the_page():
    page = (ROOT / "docs" / "reliability.md").read_text()
    for kind in KINDS:
        assert f"| {kind.row} |" in page, kind.row


def test_a_kind_has_a_folder_of_its_own_that_goes_again(tmp_path):
    places = []
    tried(Kind("A", "a", lambda folder, count: (places.append(folder), Outcome(1))[1], 1, 1), 1)
    assert not places[0].exists()
