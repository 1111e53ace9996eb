"""The hub, for tests of its data sets."""

import pytest

from tests.session.hub_data_sets.data_hub import serving


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Start a server and make it the hub."""
    yield from serving(tmp_path, monkeypatch)
