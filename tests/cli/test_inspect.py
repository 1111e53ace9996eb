"""`new`, `inspect`, `predict`, `cache`, `info`, `backbones`: what they report."""

import json
import os
from pathlib import Path

import pytest

from mmap_studio.config import Settings
from mmap_studio.session.backbones.architectures import unsupported
from tests.cli.conftest import DOMAINS, IMAGES, finished, settings
from tests.session.backbones.hub_server import Behaviour, Server


def test_new_reports_counts_skipped_files_and_names(place, mmap):
    made = ("--data", place / "data", "--backbone", place / "tiny.json", *settings("train.epochs=3"), "--shots", 4)
    result = mmap("new", place / "reported", *made, "--template", "a drawing of a {}.", "--name", "Mine")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["task", "classes", "images", "train", "val", "test"]
    classes, images, *parts = map(int, lines[1].split()[-5:])
    assert (classes, images, sum(parts)) == (3, 3 * IMAGES + 1, 3 * IMAGES + 1)
    assert parts[0] == 3 * min(4, IMAGES - 1)
    for line in ("Skipped 1, not an image file (.txt): 'Art & Photo/001.Desk_Lamp/notes.txt'.",
                 "Class 001.Desk_Lamp is read as: desk lamp", "Class RedCar is read as: red car"):  # fmt: skip
        assert line in lines
    assert not any(line.startswith("Class fox") for line in lines)
    shown = json.loads(mmap("inspect", place / "reported", "--json").stdout)
    assert (shown["kind"], shown["name"], shown["problems"]) == ("project", "Mine", [])
    assert shown["split"]["kind"] == "shots"


def test_new_as_a_document(place, mmap):
    made = mmap("new", place / "documented", "--data", place / "data", "--json")
    document = json.loads(made.stdout)
    assert [task["name"] for task in document["tasks"]] == list(DOMAINS)
    assert document["skipped"][0]["reason"] == "not an image file (.txt)"
    assert made.stderr == ""


def test_new_keeps_the_backbone_where_it_is(place, mmap, monkeypatch):
    monkeypatch.chdir(place)
    mmap("new", "relative", "--data", "data", "--backbone", "tiny.json")
    assert 'backbone = "../tiny.json"' in (place / "relative" / "project.toml").read_text()


def test_inspect_knows_every_kind(place, project, done, mmap):
    kinds = {
        done["paths"]["prompts"]: ("prompts", "Everything verifies."),
        done["paths"]["run"]: ("run", "Everything verifies."),
        project: ("project", "Backbone and folders are all there."),
        next((place / "cache" / "prompts").glob("*.h5")): ("artifact", "Everything verifies."),
        place / "tiny.safetensors": ("safetensors", "Everything verifies."),
    }
    for path, (kind, end) in kinds.items():
        found = mmap("inspect", path, "--json")
        assert found.exit_code == 0
        assert json.loads(found.stdout)["kind"] == kind
        assert mmap("inspect", path).stdout.strip().endswith(end)


def test_inspect_says_what_does_not_verify(place, done, mmap):
    import shutil

    copy = place / "damaged"
    shutil.copytree(done["paths"]["prompts"], copy)
    victim = next(copy.glob("task_*/adapter_model.safetensors"))
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(data)
    result = mmap("inspect", copy)
    assert result.exit_code == 1
    assert "It does not verify:" in result.stdout
    assert str(victim) in result.stdout


def test_predict_names_the_file_it_cannot_read_and_does_the_others(place, done, mmap):
    folder = place / "data" / DOMAINS[0] / "001.Desk_Lamp"
    result = mmap("predict", done["paths"]["prompts"], folder, "--task", DOMAINS[0])
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1 + IMAGES
    assert "broken.png cannot be read" in result.stderr
    whole = mmap("predict", done["paths"]["prompts"], folder, "--task", DOMAINS[0], "--json")
    answers = json.loads(whole.stdout)["predictions"]
    assert sum(a["error"] is not None for a in answers) == 1
    assert all(0 <= a["probability"] <= 1 for a in answers if a["error"] is None)


@pytest.mark.parametrize("task", [(), ("--task", "Atr")])
def test_predict_lists_the_tasks(done, place, mmap, task):
    result = mmap("predict", done["paths"]["prompts"], place / "tiny.json", *task)
    assert result.exit_code == 2
    for name in DOMAINS:
        assert repr(name) in result.stderr


def test_cache_lists_verifies_and_prunes(place, mmap, monkeypatch):
    import numpy as np

    from mmap_studio.session.cache.user_cache import user_cache

    monkeypatch.setenv("MMAP_STUDIO_CACHE", str(place / "other cache"))
    here = user_cache(print)
    for number in range(3):
        here.put("prompts", f"{number:08x}", {"a": np.ones(1000)}, {})
    assert mmap("cache", "where").stdout.strip() == str(place / "other cache")
    assert mmap("cache", "ls").stdout.strip().splitlines()[-1].startswith("3 artifacts")
    assert len(json.loads(mmap("cache", "ls", "--json").stdout)["entries"]) == 3
    assert mmap("cache", "verify").exit_code == 0
    here.path("prompts", f"{1:08x}").write_bytes(b"damaged")
    bad = mmap("cache", "verify")
    assert bad.exit_code == 1
    assert "1 damaged" in bad.stdout
    assert mmap("cache", "prune", "--max-size", "15kB").stdout.startswith("1 artifact")
    assert json.loads(mmap("cache", "prune", "--all", "--json").stdout)["removed"]
    assert mmap("cache", "ls").stdout.startswith("0 artifacts")


def test_info_has_versions_and_every_setting(place, mmap):
    facts = json.loads(mmap("info", "--json").stdout)
    assert facts["versions"]["torch"]
    assert facts["paths"]["cache"] == str(place / "cache")
    assert "torch" in mmap("info").stdout
    listed = json.loads(mmap("info", "settings", "--json").stdout)["settings"]
    epochs = next(one for one in listed if one["name"] == "train.epochs")
    assert epochs["range"] == "from 1 to 1000"
    assert epochs["default"] == Settings().train.epochs
    assert all(one["help"] for one in listed)
    text = mmap("info", "settings").stdout
    assert f"train.batch_size  (default {Settings().train.batch_size}, from 1 to 1024, images per task)" in text


def test_backbones_are_listed_with_all_that_is_known_of_them(mmap):
    document = json.loads(mmap("backbones", "--json", "--all").stdout)
    listed = {one["name"]: one for one in document["backbones"]}
    assert next(iter(listed)) == "starter"
    shipped = Path(listed["starter"]["installed"])
    assert (listed["starter"]["licence"], listed["starter"]["download_bytes"]) == ("Apache-2.0", shipped.stat().st_size)
    openai = listed["ViT-B-32-quickgelu:openai"]
    assert (openai["architecture"], openai["tag"], openai["parameters"]) == (
        "ViT-B-32-quickgelu", "openai", 151_277_313,
    )  # fmt: skip
    assert openai["repository"] == "timm/vit_base_patch32_clip_224.openai"
    assert openai["installed"] is None
    assert listed["ViT-B-32:laion2b_e16"]["licence"] == "unknown"
    by_size = ("starter", "ViT-B-16:laion2b_s34b_b88k", "ViT-L-14-336-quickgelu:openai")
    estimates = [listed[name]["estimate"] for name in by_size]
    for key in ("memory_bytes", "multiply_adds", "seconds"):
        assert sorted(one[key] for one in estimates) == [one[key] for one in estimates]
    resnet = listed["RN50-quickgelu:openai"]
    assert (resnet["prompts"], resnet["no_image"]) == ("text", "its image tower is a ResNet")
    assert document["refused"] == unsupported()


def test_the_table_of_backbones(mmap):
    lines = mmap("backbones").stdout.splitlines()
    assert lines[0].split() == [
        "name", "licence", "installed", "prompts", "parameters", "image", "file", "memory", "s/step",
    ]  # fmt: skip
    assert lines[1].split()[0] == "starter"
    assert any(line.startswith("ViT-B-16-quickgelu:openai ") and "149.6 M" in line for line in lines)
    assert any(line.startswith("ViT-B-16-quickgelu:openai ") and " ~598 MB " in line for line in lines)
    assert any(line.startswith("ViT-M-16 ") and line.split()[-4] == "-" for line in lines), "no weights are known"
    assert not any("e+" in line for line in lines), "two hundred seconds are 200"
    assert not any("its image tower is a ResNet" in line for line in lines)
    assert "its image tower is a ResNet" in mmap("backbones", "--all").stdout


def test_a_download_that_is_not_allowed_says_so(mmap, place, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("MMAP_STUDIO_MODELS", str(place / "no models"))
    result = mmap("download", "ViT-B-32:openai")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "HF_HUB_OFFLINE" in result.stderr
    assert mmap("download", "starter").exit_code == 2


def test_a_download_through_a_mirror_in_the_environment(place):
    content = bytes(200_000)
    with Server(Behaviour(content=content)) as server:
        variables = {"HF_ENDPOINT": server.url, "HF_HUB_OFFLINE": "0", "MMAP_STUDIO_MODELS": str(place / "models")}
        code, out, err = finished("download", "ViT-B-32:openai", "--json", env=os.environ | variables)
        assert code == 0, err
        assert f"from {server.url.removeprefix('http://')}: 200 kB of 200 kB, 100 %" in err
        path = place / "models" / "timm--vit_base_patch32_clip_224.openai" / "open_clip_model.safetensors"
        assert json.loads(out)["path"] == str(path)
        assert path.read_bytes() == content


def test_tables_line_up_for_wide_letters():
    from rich.cells import cell_len

    from mmap_studio.cli.terminal.output import table

    lines = table([["task", "n"], ["日本 画", "1"], ["a", "1,000"]]).splitlines()
    assert len({cell_len(line) for line in lines}) == 1


def test_tables_have_numbers_flush_right_and_texts_flush_left():
    from mmap_studio.cli.terminal.output import table

    rows = [["task", "change", "p", "source", "settings"], ["a", "-1.5 (-2 to 1)", "< 0.001", "short", "3 epochs"],
            ["b", "-", "1", "a longer one", "as set"]]  # fmt: skip
    assert table(rows).splitlines() == [
        "task          change        p  source        settings",
        "a     -1.5 (-2 to 1)  < 0.001  short         3 epochs",
        "b                  -        1  a longer one  as set",
    ]


def test_the_folder_that_export_wrote_is_looked_into(done, mmap, tmp_path):
    import shutil

    shutil.copytree(done["paths"]["prompts"], tmp_path / "export" / "prompts")
    found = json.loads(mmap("inspect", tmp_path / "export", "--json").stdout)
    assert (found["kind"], found["problems"]) == ("prompts", [])
