"""The whole suite is shared out to the cores; every process of it computes with one thread, in folders of its own."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import lazy, torchscript
from tests.ui.leftovers import nothing_left

TESTS = Path(__file__).parent
WORKERS = 4
"""At most: each imports torch, Qt and every test."""
IMPORTED_TORCH = pytest.StashKey[list[str]]()
"""The first module that did, while tests were collected."""
os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported; threads that share a core wait for another


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Without a path and without `-n`, a process for each core; tests that are asked for by path run in this one."""
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not hasattr(config, "workerinput")
    if everything and config.getoption("numprocesses", 0) is None:  # 0: under `-p no:xdist`
        config.option.numprocesses, config.option.dist = "auto", "worksteal"
        config.option.maxprocesses = config.option.maxprocesses or WORKERS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`window` and `e2e` are marked by folder and fixture; tests that were given more time come first.

    So at the end of a run no core waits for one of them.
    """
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder == "e2e":
            item.add_marker(pytest.mark.e2e)
        if folder in ("e2e", "ui") or {"qapp", "qtbot"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.window)
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Notes the modules that import torch while tests are collected; a test of the architecture wants none."""
    before = "torch" in sys.modules
    report = yield
    if "torch" in sys.modules and not before:
        collector.config.stash.setdefault(IMPORTED_TORCH, []).append(collector.nodeid)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Imports what the test's module put off."""
    if isinstance(item, pytest.Function):
        lazy.load(item.module)


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory):
    """Cache and home that neither the user nor another process of the suite uses."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CACHE", "HOME"):
            patch.setenv(f"MMAP_STUDIO_{name}", str(tmp_path_factory.mktemp(name.lower())))
        yield


@pytest.fixture(scope="session")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the temporary files of tests of the window go."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="session")
def openai_clip():
    """A small CLIP as OpenAI's own are; tests do not change it."""
    return torchscript.openai_model()


@pytest.fixture(scope="session")
def openai_archive(openai_clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its TorchScript archive; tests copy what they change."""
    path = tmp_path_factory.mktemp("openai") / "ViT-tiny.pt"
    torchscript.traced(openai_clip).save(path)
    return path


@pytest.fixture(autouse=True)
def nothing_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test of the window that leaves a thread, timer, process, widget or file, with its name."""
    if request.node.get_closest_marker("window") is None:
        yield
        return
    if "qapp" in request.fixturenames:
        request.getfixturevalue("qapp")
    files_too = request.node.get_closest_marker("many_windows") is None
    with nothing_left(request.getfixturevalue("temporary"), lambda: request.node.funcargs.get("tmp_path"), files_too):
        yield
