"""Download pretrained weights: events while they arrive, one sentence on failure.

A generator for the job and the command line alike.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from mmap_studio.errors import BackboneError, CorruptError
from mmap_studio.session.backbones.open_clip_configs import read_config
from mmap_studio.session.backbones.places import models_folder, own_folder
from mmap_studio.session.backbones.pretrained import Pretrained, installed, weights_of
from mmap_studio.session.backbones.tokens import wanted
from mmap_studio.session.download import hub
from mmap_studio.session.download.hub import DownloadError, FileMissingError, RetryPolicy
from mmap_studio.session.download.transfer import Downloaded, Downloading, Transfer


def download(
    one: Pretrained, stop: Callable[[], None] | None = None, retry: RetryPolicy | None = None
) -> Iterator[Downloading | Downloaded]:
    """Events until the weights are here, at once if they are; `stop` is called ten times a second and may raise.

    What came stays for the next attempt, which goes on from there. BackboneError says which host, why, and how to do
    it by hand; StorageError when the disk refuses.
    """
    found = installed(one)
    if found is not None:
        yield Downloaded(one.name, found)
        return
    hub.check_online()
    folder = one.target(one.files[0]).parent
    yield from Transfer(one.name, folder, models_folder(), partial(_fetch, one), retry).events(stop)


def _fetch(one: Pretrained, line: Transfer) -> Path:
    """The weights, and the tokenizer that they need; another process may have fetched them while this one waited."""
    if (there := installed(one)) is not None:
        return there
    for repository, files, must in wanted(read_config(one.architecture)):  # small: these have all but the weights
        _first(one, line, repository, files, must)
    there = weights_of(one) or _first(one, line, one.repository, one.files)
    assert there is not None
    return there


def _first(one: Pretrained, line: Transfer, repository: str, files: tuple[str, ...], must: bool = True) -> Path | None:
    """The first of these files that the hub has; None where it has none, if none `must` be there."""
    for file in files:
        target = own_folder(repository) / file
        if target.is_file():
            return target
        try:
            return line.receive(partial(hub.request_metadata, repository, file, line.retry), target)
        except FileMissingError:
            continue
        except (DownloadError, CorruptError) as error:
            raise BackboneError(_message(one, repository, file, str(error).rstrip("."))) from None
    if must:
        raise BackboneError(_message(one, repository, files[0], f"it has neither of {', '.join(files)}"))
    return None


def _message(one: Pretrained, repository: str, file: str, why: str) -> str:
    return (
        f"{one.name} could not be downloaded from {hub.host()}: {why}; try again, which goes on from where it "
        f"ended, or get {file} of {repository} in a browser and put it at {own_folder(repository) / file}."
    )
