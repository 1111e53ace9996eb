"""What must not be in a text for others."""

import pytest

from mmap_studio.session.doctor.anonymised import scrubbed, scrubber

PLACES = {"/data/jane/cache": "<cache>", "/home/jane/venv": "<python>", "/": "<root>", "/srv": "<srv>"}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/data/jane/cache/prompts/ab.h5 is damaged", "<cache>/prompts/ab.h5 is damaged"),
        ("in /home/jane/x and /home/jane", "in ~/x and ~"),
        ("/home/janet/x", "<...>/x"),
        ("/home/jane/venv/lib/libx.so: none", "<python>/lib/libx.so: none"),
        ("/usr/lib/x86_64/libEGL.so.1: cannot open", "/usr/lib/x86_64/libEGL.so.1: cannot open"),
        ("'/mnt/big disk/a.png', /mnt/b/c.png.", "'<...>/a.png', <...>/c.png."),
        ("no x (/srv/Ann Lee/lib/x.so), 'y' ('/etc/a b/c')", "no x (<...>/x.so), 'y' ('/etc/a b/c')"),
        ("(see /mnt/a/b.png and /mnt/c/d.png)", "(see <...>/b.png and <...>/d.png)"),
        ("user JANE on Box1: box1.example.org", "user <name> on <name>: <name>"),
        ("janet keeps and/or 3/4 of https://example.org/a/b", "janet keeps and/or 3/4 of https://example.org/a/b"),
    ],
)
def test_paths_and_names_are_exchanged(text, clean):
    assert scrubbed(text, PLACES, "/home/jane", {"jane", "box1", "box1.example.org", ""}) == clean


def test_a_folder_that_is_a_link_without_end_has_its_label(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert scrubbed(f"in {tmp_path}/loop", {f"{tmp_path}/loop": "<cache>"}, "", set()) == "in <cache>"


def test_this_computers_names_and_folders(monkeypatch, tmp_path):
    import getpass
    import socket

    monkeypatch.setenv("HOME", str(tmp_path))
    clean = scrubber()
    text = clean(f"{tmp_path}/a {getpass.getuser()} {socket.gethostname()} {tmp_path}")
    assert str(tmp_path) not in text
    assert text.startswith("~/a <name> <name>")
