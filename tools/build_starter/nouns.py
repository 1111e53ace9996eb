"""From an icon's name to words, and from words to a class: "dog-side-off" shows a mammal.

The tables are lists of common nouns, and deliberately short: a wrong class teaches worse than none.
"""

import re

from tools.build_starter.classes import Pictogram, class_of_subgroup

HOW_DRAWN = {
    "outline",
    "outlined",
    "fill",
    "filled",
    "bold",
    "thin",
    "light",
    "duotone",
    "solid",
    "line",
    "off",
    "flat",
    "duo",
    "variant",
    "negative",
    "positive",
    "circle",
    "square",
    "16",
    "20",
    "24",
    "28",
    "32",
    "48",
    "11",
    "slash",
    "alt",
    "one",
    "two",
    "three",
    "four",
    "hexagon",
    "rounded",
    "color",
    "linear",
    "broken",
    "sharp",
    "round",
    "twotone",
    "regular",
    "remix",
    "loop",
    "pop",
}
MOST_WORDS = 4  # of a name that still says what is drawn

DROPPED = {
    "arrow",
    "arrows",
    "alpha",
    "letter",
    "number",
    "numeric",
    "brand",
    "logo",
    "chevron",
    "caret",
    "align",
    "format",
    "border",
    "alphabet",
    "sort",
    "dice",
    "badge",
    "currency",
    "text",
    "circle",
    "square",
    "wifi",
}
NO_NOUNS = {"flag", "sign", "shape", "arrow"}  # classes whose labels are words for anything
NOT_NOUNS = {"eight", "cl", "up", "on", "new", "top", "end", "free", "cool", "key", "link", "back", "soon", "star"}
MORE_NOUNS = {  # subgroup: what sets call such a thing
    "place-building": "house home building shop castle tower",
    "transport-ground": "car truck bike bicycle bus train",
    "transport-air": "plane airplane rocket helicopter",
    "transport-water": "ship boat",
    "sky-weather": "sun moon cloud rain snow storm weather",
    "time": "clock watch hourglass alarm",
    "clothing": "shirt hat shoe boot pants dress sock ring bag backpack",
    "animal-mammal": "cat dog horse lion bear wolf bat",
    "animal-bird": "bird",
    "animal-marine": "fish",
    "animal-bug": "spider bee insect beetle",
    "animal-reptile": "snake",
    "plant-other": "tree leaf cactus plant",
    "plant-flower": "flower rose",
    "food-fruit": "apple fruit berry",
    "food-vegetable": "carrot mushroom pepper",
    "food-prepared": "pizza burger bread food soup",
    "food-asian": "noodles",
    "food-sweet": "cake cookie candy",
    "drink": "beer cup coffee glass wine bottle tea mug",
    "sport": "ball football",
    "award-medal": "trophy medal",
    "game": "chess puzzle joystick card",
    "musical-instrument": "guitar drum piano violin trumpet",
    "computer": "laptop computer keyboard mouse printer disk disc",
    "book-paper": "book notebook newspaper",
    "mail": "mail email envelope mailbox inbox package",
    "office": "folder calendar clipboard paperclip scissors chart",
    "tool": "hammer wrench axe sword screwdriver saw gear tools dagger",
    "household": "chair bed door couch sofa bath",
    "light-video": "lamp",
    "hand-fingers-open": "hand",
    "hand-fingers-closed": "fist",
    "face-smiling": "face smiley mood emoji emoticon smile",
    "heart": "heart",
    "body-parts": "eye ear foot tooth brain bone lungs nose leg arm",
    "phone": "phone",
    "lock": "lock",
    "person": "user person",
    "family": "people",
}


def words_of(name: str) -> list[str]:
    """An icon's name without the words that say how it is drawn: "dog-side-off" -> ["dog", "side"]."""
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    while len(words) > 1 and (words[-1] in HOW_DRAWN or words[-1].isdigit()):
        words.pop()
    return words


def is_pictorial(words: list[str]) -> bool:
    """Whether an icon's words promise an image of something, not an arrow, a letter or a brand."""
    text = " ".join(words)
    return not (DROPPED & set(words) or len(text) < 3 or text.isdigit() or len(words) > MOST_WORDS)


def noun_classes(pictograms: list[Pictogram]) -> dict[str, tuple[str, str]]:
    """Nouns that name one class without doubt: "dog" -> ("animal-mammal", "mammal").

    The labels of one or two words, and MORE_NOUNS, which never overrule a label.
    """
    class_of = class_of_subgroup()
    found: dict[str, tuple[str, str]] = {}
    for p in pictograms:
        name = class_of.get(p.subgroup, "")
        if name and name not in NO_NOUNS and len(p.label.split()) <= 2:
            for noun in {p.label, p.label.removesuffix(" face") if "animal" in p.subgroup else p.label} - NOT_NOUNS:
                found.setdefault(noun, (p.subgroup, name))
    for subgroup, nouns in MORE_NOUNS.items():
        for noun in nouns.split():
            found.setdefault(noun, (subgroup, class_of[subgroup]))
    return found


def find_class(words: list[str], nouns: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """The subgroup and class an icon's name points to: the whole name, else its last word, else its first."""
    for candidate in (" ".join(words), " ".join(words[-2:]), words[-1], words[0]):
        if candidate in nouns:
            return nouns[candidate]
        if candidate.endswith("s") and candidate[:-1] in nouns:
            return nouns[candidate[:-1]]
    return "", ""
