"""Coarse, visually coherent classes made from the Unicode subgroups (names as in emojibase-data)."""

import json
from dataclasses import dataclass
from pathlib import Path

from tools.build_starter.packages import plain_code

# The classes of the starter's tasks.
TASK_CLASSES: dict[str, tuple[str, ...]] = {
    "face": (
        "face-smiling",
        "face-affection",
        "face-tongue",
        "face-hand",
        "face-neutral-skeptical",
        "face-sleepy",
        "face-unwell",
        "face-hat",
        "face-glasses",
        "face-concerned",
        "face-negative",
        "face-costume",
    ),
    "animal face": ("cat-face", "monkey-face"),
    "heart": ("heart",),
    "hand": (
        "hand-fingers-open",
        "hand-fingers-partial",
        "hand-single-finger",
        "hand-fingers-closed",
        "hands",
        "hand-prop",
    ),
    "body part": ("body-parts",),
    "mammal": ("animal-mammal",),
    "bird": ("animal-bird",),
    "sea animal": ("animal-marine",),
    "bug": ("animal-bug",),
    "flower": ("plant-flower",),
    "plant": ("plant-other",),
    "fruit": ("food-fruit",),
    "vegetable": ("food-vegetable",),
    "meal": ("food-prepared", "food-asian"),
    "dessert": ("food-sweet",),
    "drink": ("drink",),
    "building": ("place-building", "place-religious"),
    "vehicle": ("transport-ground",),
    "aircraft": ("transport-air",),
    "clock": ("time",),
    "weather": ("sky-weather",),
    "sport": ("sport",),
    "game": ("game",),
    "clothing": ("clothing",),
    "musical instrument": ("musical-instrument",),
    "computer": ("computer",),
    "book": ("book-paper",),
    "mail": ("mail",),
    "office supply": ("office",),
    "tool": ("tool",),
    "household item": ("household",),
}

# What pre-training sees besides: too few pictograms in all six styles, or nothing one would call a class by eye.
OTHER_CLASSES: dict[str, tuple[str, ...]] = {
    "feeling": ("emotion",),
    "person": ("person", "person-gesture", "person-role", "person-fantasy", "person-activity", "person-resting"),
    "athlete": ("person-sport",),
    "family": ("family",),
    "reptile": ("animal-reptile", "animal-amphibian"),
    "tableware": ("dishware",),
    "landscape": ("place-map", "place-geographic", "place-other"),
    "boat": ("transport-water",),
    "celebration": ("event",),
    "medal": ("award-medal",),
    "art": ("arts-crafts",),
    "sound": ("sound", "music"),
    "phone": ("phone",),
    "light and film": ("light-video",),
    "money": ("money", "currency"),
    "pen": ("writing",),
    "lock": ("lock",),
    "science": ("science",),
    "medicine": ("medical",),
    "sign": (
        "transport-sign",
        "warning",
        "av-symbol",
        "other-symbol",
        "religion",
        "alphanum",
        "gender",
        "math",
        "punctuation",
    ),
    "arrow": ("arrow",),
    "zodiac sign": ("zodiac",),
    "shape": ("geometric",),
    "flag": ("flag", "country-flag", "subdivision-flag"),
}

SMALLEST_CLASS = 10  # pictograms present in all six styles


@dataclass(frozen=True, slots=True)
class Pictogram:
    """One Unicode pictogram as emojibase describes it."""

    code: str  # "1f436", without FE0F
    label: str  # "dog face"
    tags: tuple[str, ...]  # "dog", "pet"
    subgroup: str  # "animal-mammal"


def class_of_subgroup() -> dict[str, str]:
    """Subgroup -> class name, over both tables."""
    tables = {**TASK_CLASSES, **OTHER_CLASSES}
    return {subgroup: name for name, subgroups in tables.items() for subgroup in subgroups}


def read_pictograms(modules: Path) -> list[Pictogram]:
    """Every pictogram with a subgroup, in code point order; skin tones are not listed apart."""
    data = json.loads((modules / "emojibase-data/en/data.json").read_text())
    names = json.loads((modules / "emojibase-data/meta/groups.json").read_text())["subgroups"]
    found = [
        Pictogram(
            plain_code(entry["hexcode"]),
            entry["label"].lower(),
            tuple(entry.get("tags", ())),
            names[str(entry["subgroup"])],
        )
        for entry in data
        if "subgroup" in entry
    ]
    return sorted(found, key=lambda pictogram: pictogram.code)
