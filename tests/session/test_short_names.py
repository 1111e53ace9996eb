"""Names cut to so many letters: what tells them apart stays."""

import pytest

from mmap_studio.session.short_names import DOTS, short_name

SITES = [f"Plants in the garden of site {site}, camera {n}" for site in "AB" for n in range(1, 9)]


@pytest.mark.parametrize("room", [10, 16, 30])
def test_no_two_names_look_alike_and_none_has_too_many_letters(room):
    found = [short_name(name, room, SITES) for name in SITES]
    assert len(set(found)) == len(SITES)
    assert max(map(len, found)) <= room


def test_a_name_is_cut_where_the_others_do_not_need_it():
    assert short_name("abc", 3, ["abd"]) == "abc"
    assert short_name("Photographs of birds", 12, ["Ink", "Clay"]) == f"Photographs{DOTS}"
    assert short_name("abcdefgh", 5) == f"ab{DOTS}gh"
    assert short_name("same start, one", 6, ["same start, two"]) == f"sam{DOTS}ne"
