"""The whole job on a real X display with real mouse and keyboard, in the process that `mmap-studio` starts.

Screenshots are kept in the folder $MMAP_SCREENSHOTS, if it is set.
"""

import json
import shutil

import pytest
from PIL import Image

from tests import projects
from tests.e2e.person import Person, screen

MISSING = [name for name in ("Xvfb", "xdotool", "openbox") if shutil.which(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"no X display to try the window on: {', '.join(MISSING)} not installed"),
    pytest.mark.timeout(600),
]
SLOWLY = {"affinity.epochs": 30}
"""Long enough to watch the heatmap fill."""


@pytest.fixture(scope="module")
def display():
    with screen("1600x1000") as name:
        yield name


def partition(seen):
    return sorted(sorted(group) for group in seen["groups"])


def written_groups(path):
    return sorted(sorted(group["tasks"]) for group in json.loads(path.read_text())["groups"])


def colours(path, seen):
    """How many colours the middle of the heatmap has on the screen, in steps that text on a panel does not reach."""
    x, y = seen["places"]["Affinity heatmap"]
    with Image.open(path) as image:
        part = image.convert("RGB").crop((x - 60, y - 60, x + 60, y + 60))
    return sum(max(colour) - min(colour) > 60 for _, colour in part.getcolors(120 * 120))


def test_the_whole_job_with_the_mouse(display, tmp_path):
    project = projects.make(tmp_path, **SLOWLY).folder
    with Person(display, tmp_path / "home", project) as person:
        before = person.rest()
        assert before["frames"] == 0
        assert not colours(person.image("1-opened.png"), before)
        person.click("Run")
        person.until(lambda s: s["frames"] > 1 and s["state"] == "running")
        person.until(lambda s: colours(person.image("2-heatmap-fills.png"), s))  # painted at the next frame
        done = person.until(lambda s: s["runs"] == 1 and s["state"] == "done")
        assert all(done["marks"])
        assert sorted(task for group in done["trained"] for task in group) == sorted(done["tasks"])
        person.image("3-trained.png")

        several = [group for group in done["groups"] if len(group) > 1]
        dragged, to = (several[0][0], "New group") if several else (done["groups"][0][0], f"{done['groups'][1][0]},")
        person.drag(f"{dragged},", to)
        moved = person.until(lambda s: partition(s) != partition(done))
        person.press("ctrl+z")
        person.until(lambda s: s["groups"] == done["groups"])
        person.press("ctrl+shift+z")
        person.until(lambda s: s["groups"] == moved["groups"])
        person.click("Run")
        again = person.until(lambda s: s["runs"] == 2 and s["state"] == "done")
        kept = [sorted(group) for group in done["groups"] if group in moved["groups"]]
        assert sorted(again["trained"]) == sorted(g for g in partition(moved) if g not in kept)

        person.click("Export")
        person.until(lambda s: s["active"] == "Export")
        person.image("4-export.png")
        person.click("Export")
        person.until(lambda s: s["focus"] == "Show in folder")  # written
        out = project / "export"
        assert {"affinity.csv", "results.csv", "curves.svg", "heatmap.pdf"} <= {path.name for path in out.iterdir()}
        assert written_groups(out / "grouping.json") == partition(moved)
        person.click("Close")
        person.until(lambda s: "Show in folder" not in s["places"] and s["active"] != "Export")
        person.quit()
    with Person(display, tmp_path / "home", project) as person:
        found = person.until(lambda s: "run" in s["methods"] and s["frames"])
        assert found["groups"] == moved["groups"]
        person.rest()
        person.image("5-reopened.png")
        person.quit()


def test_the_whole_job_by_keyboard_alone(display, tmp_path):
    project = projects.make(tmp_path).folder
    with Person(display, tmp_path / "home", project) as person:
        person.rest()
        person.press("F5")
        done = person.until(lambda s: s["runs"] == 1 and s["state"] == "done")
        person.press("alt+3")
        person.until(lambda s: s["focus"].startswith(f"{done['groups'][0][0]},"))
        person.press("ctrl+Right" if len(done["groups"]) > 1 else "ctrl+Down")
        moved = person.until(lambda s: partition(s) != partition(done))
        person.press("ctrl+z")
        person.until(lambda s: s["groups"] == done["groups"])
        person.press("ctrl+shift+z")
        person.until(lambda s: s["groups"] == moved["groups"])
        person.press("F5")
        person.until(lambda s: s["runs"] == 2 and s["state"] == "done")
        person.press("ctrl+e")
        person.until(lambda s: s["active"] == "Export")
        person.press("Return")
        person.until(lambda s: s["focus"] == "Show in folder")  # written
        assert written_groups(project / "export" / "grouping.json") == partition(moved)
        person.press("Escape")
        person.until(lambda s: s["active"] not in ("", "Export"))
        person.press("ctrl+k")
        person.until(lambda s: s["focus"] == "Search every action")
        person.type("dark theme")
        person.press("Return")
        person.until(lambda s: s["background"] < 100 and s["focus"] != "Search every action")
        person.image("6-by-keyboard.png")
        person.quit()
    with Person(display, tmp_path / "home", project) as person:
        found = person.until(lambda s: "run" in s["methods"])
        assert found["groups"] == moved["groups"]
        assert found["background"] < 100
        person.rest()
        person.quit()


def test_the_starter_in_the_dark_at_twice_the_size(tmp_path):
    with screen("3200x2000") as display, Person(display, tmp_path, "starter", QT_SCALE_FACTOR="2") as person:
        person.rest()
        person.press("ctrl+k")
        person.until(lambda s: s["focus"] == "Search every action")
        person.type("dark theme")
        person.press("Return")
        seen = person.until(lambda s: s["background"] < 100 and s["focus"] != "Search every action")
        assert seen["project"] == "Six drawing styles"
        with Image.open(person.image("7-dark-twice-the-size.png")) as image:
            assert image.size == (3200, 2000)
            assert max(image.convert("L").resize((16, 10)).tobytes()) < 160, "a light patch in the dark"
        person.quit()
