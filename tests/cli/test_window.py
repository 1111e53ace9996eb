"""`--reset-layout` reaches the window from every place on the line where it may stand."""

import pytest


@pytest.fixture
def opened(place, monkeypatch):
    """What the window was opened with."""
    import mmap_studio.ui.app

    calls = []
    monkeypatch.setenv("DISPLAY", ":77")
    monkeypatch.setattr(mmap_studio.ui.app, "open_window", lambda *given: calls.append(given) or 0)
    return calls


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("", (None, False)),
        ("--reset-layout", (None, True)),
        ("starter", ("starter", False)),
        ("--reset-layout starter", ("starter", True)),
        ("starter --reset-layout", ("starter", True)),
    ],
)
def test_the_window_is_asked_for_its_first_layout(opened, mmap, line, given):
    result = mmap(*line.split())
    assert (result.exit_code, opened) == (0, [given]), result.output


def test_a_command_without_a_window_refuses_it(opened, mmap):
    result = mmap("--reset-layout", "info")
    assert (result.exit_code, opened) == (2, [])
    assert "--reset-layout resets the window, and info opens none" in result.stderr
