"""Five images against five hundred: what is said before a run and after it."""

import math

from mmap_studio.session.imbalance import imbalance_notice, never_found, never_found_notice


def test_classes_of_very_unequal_sizes_are_named():
    assert imbalance_notice("a", {"cat": 500, "lynx": 5, "none": 0}) == (
        "Task 'a': class 'cat' has 500 training images and 'lynx' 5; accuracy says little of the small classes, so "
        "read macro-F1 beside it, or balance them."
    )
    assert imbalance_notice("a", {"cat": 19, "lynx": 1}) == ""
    assert imbalance_notice("a", {"cat": 20, "lynx": 1}) != ""
    assert imbalance_notice("a", {}) == imbalance_notice("a", {"cat": 0}) == ""


def test_a_class_that_is_never_found_is_named_where_accuracy_hides_it():
    names = ("cat", "lynx", "without images")
    assert never_found(names, (100, 1, 0), (100, 0, 0), 0.99, 0.497) == ["lynx"]
    assert never_found(names, (100, 1, 0), (60, 0, 0), 0.6, 0.4) == [], "a weak model finds few of many classes"
    assert never_found(names, (100, 1, 0), (99, 1, 0), 0.98, 0.7) == []
    assert never_found(names, (8, 8, 8), (8, 0, 0), 0.33, 0.2) == [], "of equal classes accuracy hides nothing"
    assert never_found(names, (0, 0, 0), (0, 0, 0), math.nan, math.nan) == []
    assert "'lynx' was found, which an accuracy of 99.0 % hides; macro-F1 is 49.7 %." in never_found_notice(
        "a", ["lynx"], 0.99, 0.497
    )
