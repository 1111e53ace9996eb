"""The list of backbones: what can be used at once comes first."""

from itertools import pairwise

from mmap_studio.session.backbones import catalogue as told
from mmap_studio.session.backbones.catalogue import catalogue


def test_what_is_here_comes_first_then_what_can_be_fetched_each_by_size(monkeypatch, tmp_path):
    monkeypatch.setattr(told, "installed", lambda one: tmp_path if one.name == "ViT-L-14:laion400m_e31" else None)
    found = catalogue()
    here = [choice.name for choice in found if choice.installed]
    assert [choice.name for choice in found[:2]] == here == ["starter", "ViT-L-14:laion400m_e31"]
    named = [choice.pretrained is not None for choice in found[2:]]
    assert named == sorted(named, reverse=True)
    for kind in (True, False):
        sizes = [c.architecture.parameters for c in found[2:] if (c.pretrained is not None) is kind]
        assert all(one <= other for one, other in pairwise(sizes))
