"""A download of small weights with short timeouts, and what is right or wrong about what came of it."""

import os

import pytest

from mmap_studio.errors import BackboneError
from mmap_studio.session.backbones.download import download
from mmap_studio.session.download.hub import RetryPolicy
from mmap_studio.session.download.transfer import Downloaded

CONTENT = bytes(range(256)) * 2000  # 512,000 bytes
QUICK = RetryPolicy(connect_timeout=2, read_timeout=0.4, attempts=3, delay=0.01, longest_delay=0.05)


def fetched(one, retry=QUICK):
    *progress, last = download(one, retry=retry)
    assert isinstance(last, Downloaded)
    return last.path, progress


def right(one, path):
    assert path.read_bytes() == CONTENT
    assert sorted(os.listdir(path.parent)) == [".download.lock", path.name]


def failed(one, *words, retry=QUICK, error=BackboneError):
    with pytest.raises(error) as caught:
        fetched(one, retry)
    text = str(caught.value)
    assert "\n" not in text
    for word in words:
        assert word in text, text
    assert not one.target(one.files[0]).exists()
    assert not one.target(one.files[1]).exists()
    return text


def parts(one):
    folder = one.target("x").parent
    return sorted(path.name for path in folder.glob("*.part"))
