"""The files a desktop reads; its own validators judge them where they are installed."""

import configparser
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from mmap_studio.resources import resource
from mmap_studio.ui.app import DESKTOP_ID

HOME = resource("desktop")


def test_names_agree():
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(HOME / f"{DESKTOP_ID}.desktop")
    assert entry["Desktop Entry"]["Icon"] == DESKTOP_ID
    assert (HOME / f"{DESKTOP_ID}.svg").exists()
    assert ElementTree.parse(HOME / f"{DESKTOP_ID}.metainfo.xml").findtext("id") == DESKTOP_ID


@pytest.mark.parametrize(
    "command",
    [
        ["desktop-file-validate", str(HOME / f"{DESKTOP_ID}.desktop")],
        ["appstreamcli", "validate", "--no-net", str(HOME / f"{DESKTOP_ID}.metainfo.xml")],
    ],
)
def test_the_desktops_own_validators(command):
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
