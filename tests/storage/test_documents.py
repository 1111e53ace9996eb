"""Texts that are no documents, deep ones, and values that a model does not let through."""

import time
from typing import Any

import pytest

from mmap_studio.errors import CorruptError
from mmap_studio.storage.documents import DEEPEST, Document, Name, checked, parse_json, parse_toml

JSON = [
    "",
    "{",
    "[1,]",
    "NaN",
    "[Infinity]",
    "9" * 5000,
    "[" * 10**6,
    '{"a":' * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1),
]
TOML = ["=", "a = 1\na = 2", "a = " + "9" * 5000, "a = " + "[" * 10**5, ".".join(["a"] * 10**5) + " = 1",
        "[" + ".".join(["a"] * (DEEPEST + 2)) + "]", "a = " + "{a=" * 60 + "1" + "}" * 60,
        "seed = 0x" + "f" * 5000, "a = [{b = [-9223372036854775809]}]"]  # fmt: skip


@pytest.mark.parametrize("text", JSON, ids=range(len(JSON)))
def test_no_json(text: str) -> None:
    with pytest.raises(CorruptError, match=r"^x\.json must be JSON"):
        parse_json(text, "x.json")


@pytest.mark.parametrize("text", TOML, ids=range(len(TOML)))
def test_no_toml(text: str) -> None:
    began = time.process_time()
    with pytest.raises(CorruptError, match=r"^x\.toml must be (a )?TOML"):
        parse_toml(text, "x.toml")
    assert time.process_time() - began < 10


class Card(Document):
    name: Name
    size: int = 1
    share: float = 0.5


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "'name': field required"),
        ([], "'itself'"),
        ({"name": ""}, "at least 1 character"),
        ({"name": "x" * 300_000}, "at most 1000 characters"),
        ({"name": "a\0b"}, "NUL"),
        ({"name": "a", "size": "1"}, "'size': input should be a valid integer (found '1')"),
        ({"name": "a", "size": True}, "valid integer (found True)"),
        ({"name": "a", "size": 1.5}, "valid integer"),
        ({"name": "a", "share": float("inf")}, "finite"),
        ({"name": "a\x1b[2J", "size": None}, "found None"),
        ({"name": ["\x1b" * 10**6]}, "(found ['"),
    ],
)
def test_a_wrong_value_is_named_with_file_and_field(value: Any, words: str) -> None:
    with pytest.raises(CorruptError) as caught:
        checked(Card, value, "x.json")
    text = str(caught.value)
    assert text.startswith("x.json cannot be used: field ")
    assert words in text
    assert len(text) < 500
    assert text.isprintable()


def test_what_is_added_is_kept() -> None:
    assert checked(Card, {"name": "a", "new": [1]}, "x.json").model_dump()["new"] == [1]
