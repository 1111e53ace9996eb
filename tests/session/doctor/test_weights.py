"""Backbones that are here."""

from mmap_studio.session.doctor import weights


def test_the_starter_is_there():
    (found,) = weights.weights()
    assert found.state == "ok"
    assert "starter" in found.said


def test_without_it_there_is_a_problem(monkeypatch, tmp_path):
    monkeypatch.setattr(weights, "resource", lambda name: tmp_path / name)
    assert [one.state for one in weights.weights()] == ["problem", "ok"]


def test_looking_for_weights_reads_the_config_of_their_architecture_alone(monkeypatch):
    """Those of all of them were read for each of the 169 names."""
    from mmap_studio.session.backbones import open_clip_configs
    from mmap_studio.session.backbones.pretrained import all_pretrained, installed

    one, read = all_pretrained()[0], []
    keep = open_clip_configs.read_json
    monkeypatch.setattr(open_clip_configs, "read_json", lambda path: read.append(path.stem) or keep(path))
    installed(one)
    assert read == [one.architecture]
