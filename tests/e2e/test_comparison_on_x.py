"""A comparison of six methods, three amounts and three seeds on a real X display, by mouse alone and by keyboard alone.

The window is killed halfway, opened again, and goes on. Screenshots are kept in the folder $MMAP_SCREENSHOTS, if it is
set.
"""

import signal

import pytest

from tests import projects
from tests.e2e.person import Person, screen
from tests.e2e.test_window_on_x import pytestmark as pytestmark

METHODS = {"zero_shot", "zero_shot_ensemble", "text_head", "clap", "tip_adapter_f", "ridge"}
"""Five of those that are ticked at first, and one more."""
CLEARED, TICKED = ("coop", "maple", "clip_lora", "mmap_suggested", "mmap_together"), "ridge"
SHOTS, SEEDS = ["1", "4", "full"], [1, 2, 3]
TRIALS = len(METHODS) * len(SHOTS) * len(SEEDS)
HALF = TRIALS // 2


@pytest.fixture(scope="module")
def display():
    with screen("1600x1000") as name:
        yield name


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path).folder


def planned(seen):
    """Whether what is asked for has arrived, and it is known what of it is there."""
    found = seen["compared"]
    asked = set(found["asked"]) == METHODS and (found["shots"], found["seeds"]) == (SHOTS, SEEDS)
    return asked and found["surveyed"] and found["trials"] == TRIALS


def by_mouse(person):
    """Make the plan and start it."""
    person.click("tab Compare")
    person.click("Offers for shots")
    person.click("entry 1, 4, full")
    person.until(lambda s: s["compared"]["shots"] == SHOTS)
    for method in (*CLEARED, TICKED):
        wanted = method == TICKED
        person.scroll_to(f"box of {method}", "Methods to compare")
        person.click(f"box of {method}")
        person.until(lambda s, method=method, wanted=wanted: (method in s["compared"]["asked"]) == wanted)
    person.until(planned)
    person.image("compare-1-planned.png")
    person.click("Start comparing")


def by_keyboard(person):
    """Make the plan and start it."""
    person.press("alt+c")
    person.until(lambda s: s["focus"] == "Methods to compare" and s["compared"]["surveyed"])
    for method in (*CLEARED, TICKED):
        wanted = method == TICKED
        person.press("Home", *["Down"] * person.seen["compared"]["rows"].index(method))
        person.until(lambda s, method=method: s["compared"]["row"] == method)
        person.press("space")
        person.until(lambda s, method=method, wanted=wanted: (method in s["compared"]["asked"]) == wanted)
    for before in ("Baseline", "Hyper-parameters", "Budget", "Seeds", "Shots"):
        person.press("shift+Tab")
        person.until(lambda s, before=before: s["focus"] == before)
    person.press("ctrl+a")
    person.type("1, 4, full")
    person.press("Return")
    person.until(planned)
    person.press("F8")


@pytest.mark.parametrize("plan", [by_mouse, by_keyboard])
def test_a_comparison_that_is_killed_halfway_goes_on(display, tmp_path, project, plan):
    name = plan.__name__.replace("_", "-")
    with Person(display, tmp_path / "home", project) as person:
        person.rest()
        plan(person)
        half = person.until(lambda s: HALF <= s["compared"]["made"] < TRIALS)["compared"]
        assert half["busy"]
        person.image(f"compare-2-half-{name}.png")
        person.process.send_signal(signal.SIGKILL)
        person.process.wait(20)
    with Person(display, tmp_path / "home", project) as person:
        person.rest()
        person.click("tab Compare") if plan is by_mouse else person.press("alt+c")
        again = person.until(lambda s: s["compared"]["made"] >= half["made"])["compared"]
        assert (set(again["asked"]), again["shots"], again["seeds"]) == (METHODS, SHOTS, SEEDS)
        if not again["busy"]:
            person.click("Go on comparing") if plan is by_mouse else person.press("F8")
        done = person.until(lambda s: s["compared"]["made"] == TRIALS and not s["compared"]["busy"])["compared"]
        assert done["answer"]
        person.image(f"compare-3-done-{name}.png")
        person.quit()
