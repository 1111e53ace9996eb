"""The whole suite is shared out to the cores; every process of it computes with one thread, in folders of its own."""

import os

import pytest

WORKERS = 4
"""At most: each imports torch, Qt and every test."""
os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported; threads that share a core wait for another


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Without a path and without `-n`, a process for each core; tests that are asked for by path run in this one."""
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not hasattr(config, "workerinput")
    if everything and config.getoption("numprocesses", 0) is None:  # 0: under `-p no:xdist`
        config.option.numprocesses, config.option.dist = "auto", "worksteal"
        config.option.maxprocesses = config.option.maxprocesses or WORKERS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that were given more time come first, so that at the end no core waits for one of them."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory):
    """Cache and home that neither the user nor another process of the suite uses."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CACHE", "HOME"):
            patch.setenv(f"MMAP_STUDIO_{name}", str(tmp_path_factory.mktemp(name.lower())))
        yield
