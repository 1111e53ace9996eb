"""Every path that a command takes, in place of which there is a pipe, a device, a link without end or a bad name."""

import os
import socket
from pathlib import Path
from typing import get_type_hints

import pytest

from tests.cli.conftest import DOMAINS
from tests.commands import registered

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes and devices as Unix has them"),
    pytest.mark.timeout(60),  # to open a pipe waits for ever
]

READ = {
    "run {}": "project", "affinity {}": "project", "compare {}": "project", "sweep {}": "project",
    "search {} fox": "project", "search {project} --like {}.png": "like", "tags {}": "project",
    "results {}": "project", "export {} --out {free}": "run",
    "predict {} {image}": "prompts", "predict {prompts} {}.png --task {task}": "images",
    "score {} {data}": "prompts", "score {prompts} {}": "data", "score {prompts} {}.csv": "data",
    "relocate {} --data {data}": "project", "relocate {project} --data {}": "data", "inspect {}": "path",
    "inspect {}.h5": "path", "inspect {}.safetensors": "path", "inspect {}.pt": "path", "open {}": "project",
    "runs ls {}": "project", "runs edit {} latest --pin": "project", "runs diff {} a b": "project",
    "runs images {} a b": "project", "runs delete {} a": "project", "runs restore {} a": "project",
    "runs trash {}": "project", "convert {}.pt --out {free}": "archive",
    "new {free} --data {}": "data", "new {free} --data {}.zip": "data", "new {free} --data {}.tar.gz": "data",
    "new {free} --data {}.csv": "data", "new {free} --data {}.parquet": "data",
    "relocate {project} --backbone {}.json": "backbone", "new {free} --data {data} --backbone {}.json": "backbone",
    "predict {prompts} {image} --task {task} --backbone {}.json": "backbone",
    "score {prompts} {data} --backbone ViT-B-16:{}.safetensors": "backbone",
}  # fmt: skip
"""A command by what is read, and the name of that parameter."""
WRITTEN = {
    "run {project} --out {}": "out", "run {project} --seeds 1,2 --out {}": "out",
    "run {project} --tensorboard {}": "tensorboard",
    "compare {project} --methods zero_shot --out {}": "out", "sweep {project} --kept --out {}": "out",
    "export {run} --out {}": "out", "export {run} --csv {}": "csv",
    "export {project} --method linear_probe --out {}": "out",
    "predict {prompts} {image} --task {task} --csv {}.csv": "csv", "convert {archive} --out {}": "out",
    "new {} --data {data}": "folder",
}  # fmt: skip
"""The same of what is written."""


def pipe(path):
    os.mkfifo(path)


def device(path):
    path.symlink_to("/dev/zero")


def full_device(path):
    path.symlink_to("/dev/full")


def socket_file(path):
    with socket.socket(socket.AF_UNIX) as one, pytest.MonkeyPatch.context() as patch:
        patch.chdir(path.parent)  # the whole path may be too long for a socket
        one.bind(path.name)


def link_to_itself(path):
    path.symlink_to(path)


def link_to_nothing(path):
    path.symlink_to(path.with_name("nowhere"))


def other_file(path):
    path.write_text("precious")


def link_to_a_file(path):
    path.with_name("target").write_text("precious")
    path.symlink_to(path.with_name("target"))


def nothing(path):
    """Of that name."""


NAMES = ("x", "a\nb\x1b[31m\u202ec", "n" * 300, os.fsdecode(b"\xff"), "file/x", "")
"""Plain, with control characters, too long, no UTF-8, below a file, none at all."""
THINGS = (pipe, device, socket_file, link_to_itself, other_file)


@pytest.fixture(scope="module")
def given(place, project, done, openai_archive):
    prompts = Path(done["paths"]["prompts"])
    return {
        "project": project, "prompts": prompts, "run": prompts.parent, "data": place / "data", "task": DOMAINS[1],
        "image": next((place / "data" / DOMAINS[1]).rglob("*.png")), "archive": openai_archive,
    }  # fmt: skip


@pytest.fixture
def refused(mmap, given, tmp_path, monkeypatch):
    """`refused(command, path)`: said in one sentence, and what was there is as it was."""
    monkeypatch.chdir(tmp_path)

    def check(command, path):
        before = seen(tmp_path)
        words = {**given, "free": tmp_path / "free"}
        result = mmap(*(word.replace("{}", str(path)).format(**words) for word in command.split()))
        about = f"{command}: {str(path)!r}: {result.exit_code} {result.output!r}"
        assert result.exit_code in (1, 2), about
        said = result.stderr or result.stdout
        assert said.strip()[-1] in ".`?", about
        assert "Something unexpected" not in said, about
        if "Usage: " not in said and command.split()[0] not in ("inspect", "search"):  # these say more on the way
            assert said.count("\n") == 1, about
        assert seen(tmp_path) == before, about
        return result

    return check


def seen(folder):
    """Names below a folder, what they are, and what is in files."""
    return {
        str(one.relative_to(folder)): (one.lstat().st_mode, one.read_bytes() if one.is_file() else None)
        for one in sorted(folder.rglob("*"))
    }


def suffixed(command, path):
    """What `{}` and the suffix behind it make."""
    word = next(word for word in command.split() if "{}" in word)
    return Path(f"{path}{word.partition('{}')[2]}")


@pytest.mark.parametrize("command", [*READ, *WRITTEN])
def test_what_is_no_file_is_refused_in_a_sentence_and_left(refused, tmp_path, command):
    for thing in THINGS if command in READ else (*THINGS, full_device, link_to_nothing, link_to_a_file):
        place = tmp_path / thing.__name__
        place.mkdir()
        may_be = command.startswith(("new {}", "run {project} --tensorboard")) and thing is link_to_nothing
        if thing is other_file and command.startswith("predict {prompts} {image} --task {task} --csv"):
            continue  # a table that is written anew
        if not may_be:
            thing(suffixed(command, place / "x"))
            refused(command, place / "x")


@pytest.mark.parametrize("command", READ)
def test_what_is_not_there_or_has_a_bad_name_is_refused_in_a_sentence(refused, tmp_path, command):
    (tmp_path / "file").write_text("x")
    for name in NAMES[:-1]:
        refused(command, tmp_path / name)
    refused(command, "~nobody-of-this-name/x")


@pytest.mark.parametrize("command", WRITTEN)
def test_names_that_cannot_be_made_are_refused_in_a_sentence(refused, tmp_path, command):
    (tmp_path / "file").write_text("x")
    refused(command, tmp_path / "file" / "x")
    refused(command, tmp_path / ("n" * 300))


@pytest.mark.parametrize("command", [one for one in (*READ, *WRITTEN) if one.split("{}")[1][:1] not in (".", "")])
def test_an_empty_path_is_not_the_working_folder(refused, command):
    assert refused(command, "").exit_code == 2


@pytest.mark.parametrize("command", WRITTEN)
def test_a_project_whose_name_no_text_can_hold(refused, tmp_path, command):
    if command.startswith(("new", "run {project} --tensorboard")):
        assert "UTF-8" in refused(command, tmp_path / NAMES[3]).stderr


def test_every_path_of_every_command_is_tried():
    from mmap_studio.cli.app import app

    tried = {(*words_of(command), name) for command, name in {**READ, **WRITTEN}.items()}
    there = {(*name.split(), one) for name, call in callbacks(app) for one in paths_of(call)}
    assert {name for name, _ in callbacks(app)} == registered()
    assert there - tried == set()


def words_of(command):
    words = command.split()
    return words[:2] if words[0] in ("runs", "cache") else words[:1]


def callbacks(app, above=""):
    for one in app.registered_commands:
        yield f"{above}{one.name}", one.callback
    for group in app.registered_groups:
        yield from callbacks(group.typer_instance, f"{above}{group.name} ")


def paths_of(call):
    """Names of the parameters whose texts are read as paths."""
    from mmap_studio.cli import options

    for name, hint in get_type_hints(call, include_extras=True).items():
        about = getattr(hint, "__metadata__", (None,))[0]
        parser = getattr(about, "parser", None)
        if "Path" in str(getattr(hint, "__origin__", hint)):
            assert parser is options.path_of, f"{call.__name__} must read {name} with options.path_of"
        if parser in (options.path_of, options.not_empty):
            yield name
