"""docs/api.md says what the docstrings say."""

from tools import api_page


def test_the_page_is_up_to_date():
    assert api_page.PAGE.read_text() == api_page.page(), "run python -m tools.api_page"
