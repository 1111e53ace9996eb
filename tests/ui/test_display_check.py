"""The display as `mmap-studio doctor` finds it."""

import sys

import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.doctor.report import Check, examine
from mmap_studio.ui import display_check

CHECK = Check("display", "mmap_studio.ui.display_check:display", 60)
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays of Linux")


def test_a_window_that_can_open_says_by_what(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    (found,) = examine([CHECK])
    assert found.state == "ok"
    assert "on offscreen" in found.said


def test_a_missing_display_is_a_warning_with_what_to_do(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    (found,) = examine([CHECK])
    assert found.state == "warning"
    assert "neither DISPLAY nor WAYLAND_DISPLAY is set" in found.said
    assert found.remedy


def test_a_platform_that_qt_does_not_have_is_a_problem_with_its_name(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "nonsense")
    (found,) = examine([CHECK])
    assert found.state == "problem"
    assert "must name one of Qt's platforms" in found.said


def test_a_plugin_without_its_device_aborts_only_the_check(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "eglfs")
    monkeypatch.setenv("QT_QPA_EGLFS_FB", "/dev/null")
    (found,) = examine([CHECK])
    assert found.state == "problem"
    assert "SIGABRT while opening Qt" in found.said


def test_a_missing_library_is_named(monkeypatch):
    def refuse(_):
        raise InputError("Qt cannot be loaded (libEGL.so.1: cannot open shared object file).")

    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(display_check, "load_qt", refuse)
    (found,) = display_check.display()
    assert (found.state, "libEGL.so.1" in found.said) == ("problem", True)


def test_a_qt_that_would_abort_is_not_tried(monkeypatch):
    import PySide6

    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(PySide6, "__version__", "6.12.0")
    if sys.version_info < (3, 12):
        assert list(display_check.display()) == []
