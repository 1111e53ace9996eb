"""A figure inside a page has ids of its own, refers to nothing outside, and follows the page's colours."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tests.lazy import imported_later
from tests.session.compare.made_up import drawn

with imported_later():
    from mmap_studio.session.compare import plots, svg, tables

TITLE = '<b> & $x^{2}_a$ "quoted"'


@pytest.fixture(scope="module")
def figure():
    made = drawn({"zero_shot": 0.6, "a": 0.7}, per_class=4)
    made = replace(made, trials=tuple(replace(one, title=TITLE) if one.method == "a" else one for one in made.trials))
    return plots.accuracy_over_images(made, tables.rows(made))


def test_two_figures_of_one_page_share_no_id_and_refer_to_their_own(figure):
    seen: set[str] = set()
    for name in ("one", "two"):
        root = ElementTree.fromstring(svg.inline_svg(figure, name, TITLE))
        ids = [node.get("id") for node in root.iter() if node.get("id")]
        assert len(ids) == len(set(ids))
        assert not seen & set(ids)
        seen |= set(ids)
        for node in root.iter():
            for key, value in node.attrib.items():
                assert key != "href" or value[1:] in ids
                assert all(part in ids for part in re.findall(r"url\(#([^)]+)\)", value))
                assert "//" not in value


def test_names_are_text_and_the_title_is_read_out(figure):
    root = ElementTree.fromstring(svg.inline_svg(figure, "one", TITLE))
    assert root.get("aria-label") == TITLE
    assert TITLE in {"".join(node.itertext()).strip() for node in root.iter("text")}


def test_colours_are_the_variables_of_the_page(figure):
    text = svg.inline_svg(figure, "one", TITLE)
    assert f"var(--series-0, {plots.LIGHT.series[0].lower()})" in text
    assert f"var(--ink, {plots.LIGHT.text})" in text
    assert "<metadata" not in text
    assert "<script" not in text
