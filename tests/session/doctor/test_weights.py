"""Backbones that are here."""

from mmap_studio.session.doctor import weights


def test_the_starter_is_there():
    (found,) = weights.weights()
    assert found.state == "ok"
    assert "starter" in found.said


def test_without_it_there_is_a_problem(monkeypatch, tmp_path):
    monkeypatch.setattr(weights, "resource", lambda name: tmp_path / name)
    assert [one.state for one in weights.weights()] == ["problem", "ok"]
