"""The table of names.py, row by row, and names that the text tower cannot use."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmap_studio.data.names import check_class_names, class_name_problems, clean_class_name, first_of_each, name_clashes
from mmap_studio.errors import DataError

ROOM = 5
CLEANED = {
    "Desk_Lamp": "desk lamp",
    "Mug": "mug",
    "ALARM_CLOCK": "alarm clock",
    "The_Eiffel_Tower": "the eiffel tower",
    "001.ak47": "ak47",
    "042.Black_footed_Albatross": "black footed albatross",
    "002.american-flag": "american flag",
    "2001.5": "2001.5",
    "n01440764": "n01440764",
    "alarm-clock": "alarm clock",
    "half-track_van": "half-track van",
    "Hot-Air_Balloon": "hot-air balloon",
    "T-shirt": "T-shirt",
    "T-Shirt": "T-shirt",
    "t-shirt": "t-shirt",
    "F-16": "F-16",
    "jack-o-lantern": "jack-o-lantern",
    "AlarmClock": "alarm clock",
    "USBStick": "USB stick",
    "3DPrinter": "3D printer",
    "iPhone": "iPhone",
    "LaTeX": "LaTeX",
    "McDonald": "McDonald",
    "TV": "TV",
    "LED_lamp": "LED lamp",
    "Cafe\u0301": "caf\u00e9",
    "Straße": "straße",
    "  a\t b\u00a0\n": "a b",
    "\u202egnp.exe": "gnp.exe",
    "🦊_Fox": "🦊 fox",
    "犬": "犬",
    "CON": "CON",
    "{}": "{}",
    "_": "",
    "": "",
}


@pytest.mark.parametrize("raw", CLEANED)
def test_names_are_cleaned_by_the_table(raw):
    assert clean_class_name(raw) == CLEANED[raw]


@settings(deadline=None)  # shared machines stall
@given(st.text())
def test_a_cleaned_name_has_no_loose_space_and_no_control_sign(raw):
    name = clean_class_name(raw)
    assert name == " ".join(name.split())
    assert "_" not in name
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in name)


def letters(name: str) -> list[int]:
    """A tokenizer for the test: one token a letter, capitals made small."""
    return [ord(c) for c in name.lower() if not c.isspace()]


@pytest.mark.parametrize("room", [0, -39])
def test_no_name_is_blamed_where_nothing_has_room(room):
    with pytest.raises(DataError, match=f"'Art': template and prompts .* leave {room} tokens; use fewer prompt tokens"):
        check_class_names("Art", ["fox", "dog"], letters, room)


def test_good_names_pass():
    check_class_names("Art", ["fox", "dog", "a b c"], letters, ROOM)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["fox", ""], "Task 'Art': every class must have a name that can be read, but '' reads as nothing; give"),
        (["fox", "  "], "but '  ' reads as nothing"),
        (["fox", "parrot"], "Task 'Art': class 'parrot' has 6 tokens, but .* room for 5; shorten"),
        (
            ["TV", "fox", "tv"],
            "Task 'Art': every class must read differently, but 'TV', 'tv' are read as the same tokens",
        ),
        (["fox", "fox"], "but 'fox', 'fox' are read as the same tokens; rename"),
        (["caf\u00e9", clean_class_name("Cafe\u0301")], "the same tokens"),
    ],
)
def test_names_the_text_tower_cannot_use_are_refused_by_name(names, message):
    with pytest.raises(DataError, match=message):
        check_class_names("Art", names, letters, ROOM)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["TV", "fox", "tv"], "Task 'Art': every class must read differently, but 'TV', 'tv' are read as "),
        (["fox", " "], "Task 'Art': every class must have a name that can be read, but ' ' reads as nothing; "),
    ],
)
def test_what_is_known_before_a_tokenizer_is_what_it_says(names, said):
    (before,) = name_clashes([("Art", [(name, [name]) for name in names])])
    (after,) = class_name_problems("Art", names, letters, ROOM)
    assert before.startswith(said)
    assert after.startswith(said)


def test_a_tokenizer_is_asked_of_what_is_left():
    assert list(first_of_each(["A", "a", " ", "b"])) == ["A", "b"]
    assert name_clashes([("x", [("a", ["a"]), ("b", ["b"])])]) == ()
