"""What `new` says of long class names is what a run would say; names of few bytes need no tokenizer."""

import json

import pytest

from mmap_studio.data.names import class_name_problems
from mmap_studio.formatting import counted
from mmap_studio.session.backbones.name_lengths import too_long
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.dataset.tasks import name_room

TEMPLATE = "a photo of a {}."


@pytest.fixture
def backbone(tmp_path):
    (tmp_path / "tiny.json").write_text(json.dumps(tiny.config()))
    return str(tmp_path / "tiny.json")


def test_short_names_need_no_tokenizer(backbone, monkeypatch):
    monkeypatch.setattr("mmap_studio.method.clip.factory.build_tokenizer", lambda *_: pytest.fail("it was loaded"))
    assert list(too_long(backbone, [("a", ("fox", "desk lamp"), TEMPLATE)], 4)) == []


@pytest.mark.parametrize("tokens", [0, 4, 60])
def test_the_same_names_are_too_long_as_in_a_run(backbone, tokens):
    clip = tiny.clip()
    names = ("fox", "very " * 27 + "long", "very " * 30 + "long", "very " * 60, "ü" * 31, "désolé " * 9)
    room = name_room(clip, TEMPLATE, tokens)
    expected = [name for name in names if len(clip.token_ids(name)) > max(room, 0)]
    found = list(too_long(backbone, [("a", names, TEMPLATE)], tokens))
    assert len(found) == len(expected) > 0
    for name, said in zip(expected, found, strict=True):
        own = counted(len(clip.token_ids(name)), "token")
        assert f"has {own}, but template and prompts leave room for {max(room, 0)}" in said
    if room > 0:
        assert len(found) == sum("room for" in one for one in class_name_problems("a", names, clip.token_ids, room))
