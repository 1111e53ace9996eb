"""Where the window cannot open it says why in one sentence and ends with 1: Qt by itself would abort."""

import ctypes
import ctypes.util
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mmap_studio.errors import InputError
from mmap_studio.ui import display

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays of Linux")
VARIABLES = "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE", "QT_QPA_PLATFORM"


@pytest.fixture
def environment(monkeypatch):
    """None of the variables that a display is found by."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"DISPLAY": ":99"},
        {"DISPLAY": "localhost:10.0"},
        {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": "/nowhere"},
        {"DISPLAY": ":99", "QT_QPA_PLATFORM": "xcb"},
    ],
    ids=str,
)
def test_a_display_that_does_not_answer_is_one_sentence_and_exit_code_1(environment, tmp_path, given):
    for name in ("MMAP_STUDIO_HOME", "MMAP_STUDIO_CACHE", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        environment.setenv(name, str(tmp_path))
    for name, value in given.items():
        environment.setenv(name, value)
    done = subprocess.run([sys.executable, "-m", "mmap_studio", "starter"], capture_output=True, text=True)
    assert done.returncode == 1, done
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("The window needs a display, and ")
    assert "mmap-studio run PROJECT" in sentence
    assert all(value in sentence for name, value in given.items() if name.endswith("DISPLAY"))


@pytest.mark.skipif(not ctypes.util.find_library("xcb"), reason="libxcb is not installed")
def test_a_display_that_takes_the_call_and_never_answers_is_given_up(environment):
    """As a forwarded one whose other end has gone."""
    environment.setattr(display, "PATIENCE_S", 0.3)
    for number in range(40, 80):
        with socket.socket() as server:
            try:
                server.bind(("127.0.0.1", 6000 + number))
            except OSError:
                continue
            server.listen()
            environment.setenv("DISPLAY", f"127.0.0.1:{number}")
            with pytest.raises(InputError, match=f"none answers at DISPLAY=127.0.0.1:{number}"):
                display.answering_platforms()
            return
    pytest.skip("no port is free")


def test_a_platform_that_qt_does_not_have_is_named(environment):
    environment.setenv("QT_QPA_PLATFORM", "windows")
    with pytest.raises(InputError, match=r"must name one of Qt's platforms \(.*offscreen.*\)\. Got 'windows' instead"):
        display.load_qt(display.answering_platforms())
    environment.setenv("QT_QPA_PLATFORM", "offscreen:fontdb=x")
    display.load_qt(display.answering_platforms())


def test_a_display_that_answers_is_taken_in_qts_order(environment, tmp_path):
    environment.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    environment.setenv("WAYLAND_DISPLAY", "w")
    environment.setenv("DISPLAY", ":99")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "w"))
        server.listen()
        assert display.answering_platforms() == ["wayland"]
    environment.setattr(display, "_x_answers", lambda: True)
    assert display.answering_platforms() == ["xcb"]
    environment.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.answering_platforms() == []


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_an_x_server_answers(environment):
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "640x480x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL) as server:
        os.close(writer)
        with os.fdopen(reader) as said:
            environment.setenv("DISPLAY", f":{said.readline().strip()}")
        assert display.answering_platforms() == ["xcb"]
        server.terminate()


@pytest.mark.parametrize("missing", ["libEGL.so.1", "libxcb-cursor.so.0", "libxcb.so.1"])
def test_a_library_that_is_missing_is_named_with_the_packages(environment, missing):
    def load(name):
        raise OSError(f"{missing}: cannot open shared object file: No such file or directory")

    environment.setenv("DISPLAY", ":99")
    environment.setattr(ctypes, "CDLL", load)
    with pytest.raises(InputError, match=re.escape(f"Qt cannot be loaded ({missing}: ")) as raised:
        display.load_qt(["xcb"]) if missing != "libxcb.so.1" else display.answering_platforms()
    assert f"sudo apt install {display.PACKAGES}`" in str(raised.value)
    assert "mmap-studio run PROJECT" in str(raised.value)


def test_a_qt_that_cannot_be_imported_is_told_the_same_way(environment):
    environment.setitem(sys.modules, "PySide6.QtWidgets", None)
    with pytest.raises(InputError, match="Qt cannot be loaded"):
        display.load_qt([])


def test_the_packages_are_those_of_the_build():
    build = (Path(__file__).parents[2] / ".ci" / "run").read_text()
    listed = re.search(r"packages=\((.*?)\)", build, re.DOTALL)
    assert listed is not None
    tools = {"xvfb", "xdotool", "openbox", "desktop-file-utils", "appstream"}
    assert set(display.PACKAGES.split()) == set(listed.group(1).split()) - tools
