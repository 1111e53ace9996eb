"""Names that leave the computer, and where a backbone of a digest was opened last."""

import pytest

from mmap_studio.session.backbones.public_names import NAME, known, public_name, remember

A, B = "a" * 64, "b" * 64


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MMAP_STUDIO_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("starter", "starter"),
        ("ViT-B-16:openai", "ViT-B-16:openai"),
        ("ViT-B-16:random-3", "ViT-B-16:random-3"),
        ("ViT-B-16:/home/me/w.safetensors", "ViT-B-16:w.safetensors"),
        ("/home/me/tiny.json", "tiny.json"),
        ("/home/me/tiny.json:/home/me/w.pt", "tiny.json:w.pt"),
        ("/home/me/a folder", "a folder"),
        ("tiny.json", "tiny.json"),
    ],
)
def test_a_name_without_folders(name, public):
    assert public_name(name) == public
    assert public_name(public) == public


def test_a_place_is_remembered_and_found_by_its_digest(cache):
    assert known(A) is None
    remember(A, "/home/me/tiny.json")
    remember(B, "ViT-B-16:openai")  # no place
    remember(A, "/home/me/moved.json")
    assert (known(A), known(B)) == ("/home/me/moved.json", None)


@pytest.mark.parametrize("text", ["[", "[]", '{"x": "y"}', f'{{"{A}": 3}}'])
def test_what_cannot_be_read_is_as_if_it_were_not_there(cache, text):
    (cache / NAME).write_text(text)
    assert known(A) is None
    remember(A, "/home/me/tiny.json")
    assert known(A) == "/home/me/tiny.json"
