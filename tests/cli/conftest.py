"""A project as `mmap-studio new` makes it: two domains of three classes, and a tiny random CLIP."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests import tiny

DOMAINS = ("Art & Photo", "clip+art")
CLASSES = ("001.Desk_Lamp", "fox", "RedCar")
IMAGES = 8
QUICK = (
    "train.epochs=2", "train.min_steps=0", "affinity.epochs=2", "affinity.every=1", "affinity.min_measurements=0",
    "prompt.source_columns=8", "prompt.depth=2", "prompt.parts=both",
)  # fmt: skip
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="package")
def place(tmp_path_factory):
    """A folder with data/, a backbone, and the variables that keep cache and home inside it."""
    place = tmp_path_factory.mktemp("cli")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMAP_STUDIO_CACHE", str(place / "cache"))
        patch.setenv("MMAP_STUDIO_HOME", str(place / "home"))
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            patch.delenv(name, raising=False)
        write_data(place / "data")
        write_backbone(place)
        yield place


def write_data(root):
    for d, domain in enumerate(DOMAINS):
        made = tiny.image_set(IMAGES * len(CLASSES), len(CLASSES), seed=d, tint=30 * d)
        for number, (image, label) in enumerate(zip(made.images, made.labels, strict=True)):
            path = root / domain / CLASSES[label] / f"image {number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
    (root / DOMAINS[0] / CLASSES[0] / "broken.png").write_bytes(b"not an image")
    (root / DOMAINS[0] / CLASSES[0] / "notes.txt").write_text("not an image either")


def write_backbone(place):
    from safetensors.numpy import save_file

    state = tiny.clip().model.state_dict()
    save_file({name: np.ascontiguousarray(value.numpy()) for name, value in state.items()}, place / "tiny.safetensors")
    (place / "tiny.json").write_text(json.dumps(tiny.config()))


@pytest.fixture(scope="package")
def mmap(place):
    """Call a command in this process: ``mmap("run", project, ...)`` gives the result of typer's runner."""
    from mmap_studio.cli.app import app

    return lambda *args: CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture(scope="package")
def project(place, mmap):
    """A project of the two domains."""
    folder = place / "project"
    made = mmap("new", folder, "--data", place / "data", "--backbone", place / "tiny.json", *settings(*QUICK))
    assert made.exit_code == 0, made.output
    return folder


@pytest.fixture(scope="package")
def done(project, mmap):
    """The document of a finished run of the project."""
    result = mmap("run", project, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def settings(*changes):
    return [part for change in changes for part in ("--set", change)]


def process(*args, **options):
    """The command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "mmap_studio", *map(str, args)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        **options,
    )


def finished(*args, **options):
    """Exit code, stdout and stderr of the command in a process of its own."""
    with process(*args, **options) as one:
        out, err = one.communicate(timeout=200)
    return one.returncode, out, err
