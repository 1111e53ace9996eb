"""The study's trials are kept beside its page: nothing is trained twice, wherever it goes on."""

import zipfile

import pytest

from mmap_studio.errors import CorruptError
from mmap_studio.storage.store import FolderStore
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.compare.options import CompareOptions, parse_amounts
    from tools.study import followed, take, write

pytestmark = pytest.mark.slow
FOLDER = "study/trials"


def made(root, store, methods, only_kept=False):
    options = CompareOptions(methods, parse_amounts("1"), (1,), only_kept=only_kept)
    return followed(options, root / FOLDER, FolderStore(root / store))


def test_trials_beside_the_page_are_gone_on_with_on_another_machine(tmp_path, capsys):
    first = made(tmp_path, "one", ("zero_shot", "ridge"))
    write(first, tmp_path)
    page = (tmp_path / "study.md").read_bytes()
    again = made(tmp_path, "other", ("zero_shot", "ridge"), only_kept=True)
    assert [(one.method, one.accuracy, one.seconds) for one in again.trials] == [
        (one.method, one.accuracy, one.seconds) for one in first.trials
    ]
    write(again, tmp_path)
    assert (tmp_path / "study.md").read_bytes() == page

    path = tmp_path / FOLDER / "1-1.zip"
    before = path.read_bytes()
    made(tmp_path, "third", ("zero_shot",), only_kept=True)
    assert path.read_bytes() == before  # those of other methods stay, and the same trials are the same bytes
    made(tmp_path, "third", ("zero_shot", "tip_adapter"))
    with zipfile.ZipFile(path) as file:
        assert file.namelist() == ["ridge.h5", "tip_adapter.h5", "zero_shot.h5"]


def test_a_damaged_trial_is_refused(tmp_path):
    path = tmp_path / "1-1.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("ridge.h5", b"no trial")
    with pytest.raises(CorruptError):
        take(tmp_path, FolderStore(tmp_path / "store"))
