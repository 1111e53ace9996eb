"""The planted data set: half of the styles have the names of their classes exchanged in pairs, and nothing else."""

import pytest
from PIL import Image

from mmap_studio.errors import InputError
from tools.planted import write_planted


def test_the_second_half_has_the_names_of_its_classes_exchanged(tmp_path):
    groups = write_planted(tmp_path / "made", styles=2, classes=2)
    assert [len(group) for group in groups] == [1, 1]
    plain, exchanged = (tmp_path / "made" / group[0] for group in groups)
    one, other = sorted(folder.name for folder in plain.iterdir())
    assert sorted(folder.name for folder in exchanged.iterdir()) == [one, other]
    for name, taken in ((one, other), (other, one)):
        files = sorted(file.name for file in (plain / name).iterdir())
        assert len(files) > 50
        assert files == sorted(file.name for file in (exchanged / taken).iterdir())
    with Image.open(next((plain / one).iterdir())) as image:
        assert image.size == (64, 64)


def test_what_cannot_be_planted_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"must be even numbers\. Got 3 and 6 instead"):
        write_planted(tmp_path / "made", styles=3)
    with pytest.raises(InputError, match="must not be there yet"):
        write_planted(tmp_path)
