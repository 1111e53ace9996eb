"""`doctor` from outside: the report, its exit code, and what it does not say."""

import getpass
import json
import os
import socket

from tests.cli.conftest import finished


def ran(*args, **changes):
    code, out, err = finished("doctor", *args, env=os.environ | changes)
    assert err == ""
    return code, out


def test_a_sound_installation_is_0_and_says_nothing_private(place, tmp_path):
    code, out = ran(MMAP_STUDIO_CACHE=str(tmp_path / "cache"), HF_TOKEN="hf_secret", QT_QPA_PLATFORM="offscreen")
    assert code == 0, out
    assert out.splitlines()[-1].startswith("0 problems, ")
    assert "ok       display: A window can open" in out
    for private in (str(place), str(tmp_path), "hf_secret", os.path.expanduser("~") + "/", os.getcwd()):
        assert private not in out
    words = out.replace("(", " ").replace(".", " ").split()
    assert not {getpass.getuser(), socket.gethostname()} & set(words)


def test_a_cache_that_is_a_file_is_1_and_a_document_with_json(tmp_path):
    (tmp_path / "cache").write_text("")
    code, out = ran("--json", MMAP_STUDIO_CACHE=str(tmp_path / "cache"))
    assert code == 1
    document = json.loads(out)
    assert document["format"] == 1
    assert document["problems"] >= 1
    (found,) = [one for one in document["findings"] if one["state"] == "problem" and one["check"] == "folders"]
    assert "must be a folder, but is a file" in found["said"]
    assert "MMAP_STUDIO_CACHE" in found["remedy"]
    assert {"python", "versions", "libraries", "gpu", "folders", "disk", "cache", "processor", "memory", "encoding",
            "variables", "backbones", "display"} == {one["check"] for one in document["findings"]}  # fmt: skip
