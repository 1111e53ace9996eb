"""Libraries that do not load, and GPUs that are there, broken, or not."""

from types import SimpleNamespace

import pytest

from mmap_studio.session.doctor import libraries

HOW = "driver 570.86.15, PyTorch for CUDA 13.0"


class Torch:
    """A stand-in: `count` GPUs, of which the sum of a product is `product`, or that raise it."""

    def __init__(self, count=0, product=512.0, cuda="13.0", mps=False):
        self.count, self.product = count, product
        self.version = SimpleNamespace(cuda=cuda, hip=None)
        self.backends = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps))
        about = SimpleNamespace(name="Card", total_memory=24e9)
        self.cuda = SimpleNamespace(
            is_available=lambda: count > 0, device_count=lambda: count, get_device_properties=lambda _: about
        )

    def ones(self, *shape, device):
        return self

    def __matmul__(self, other):
        if isinstance(self.product, Exception):
            raise self.product
        return SimpleNamespace(sum=lambda: self.product)


@pytest.fixture
def driver(tmp_path):
    path = tmp_path / "version"
    path.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu Jan 1\nGCC version: 12\n")
    return path


def gpu(torch, driver):
    return [(one.state, one.said) for one in libraries.gpu(torch, driver)]


def test_no_gpu_is_no_fault(tmp_path):
    assert gpu(Torch(), tmp_path / "none")[0][0] == "ok"
    assert "Mac" in gpu(Torch(mps=True), tmp_path / "none")[0][1]


def test_a_gpu_is_tried(driver):
    ((state, said),) = gpu(Torch(1), driver)
    assert state == "ok"
    assert said == f"Card (24.0 GB, {HOW}) computes."
    assert (
        gpu(Torch(2, RuntimeError("no kernel image\nmore")), driver)
        == [("problem", f"Card (24.0 GB, {HOW}) cannot be computed with (no kernel image).")] * 2
    )
    assert gpu(Torch(1, 0.0), driver)[0][0] == "problem"


def test_a_driver_without_a_gpu_for_torch_is_a_warning(driver):
    assert "CPU alone" in gpu(Torch(cuda=None), driver)[0][1]
    assert gpu(Torch(), driver)[0] == (
        "warning",
        "NVIDIA's driver 570.86.15 is there, but PyTorch for CUDA 13.0 sees no GPU.",
    )


def test_a_library_that_does_not_load_or_is_not_there_is_named_and_an_optional_one_may_be_missing():
    def load(name):
        if name == "h5py":
            raise ImportError("libhdf5.so: cannot open shared object file")
        if name == "pyarrow.parquet":
            raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")
        return Torch()

    def find(name):
        return None if name == "open_clip" else name

    found = list(libraries.libraries(load, find))
    assert [one.state for one in found] == ["problem", "problem", "ok"]
    assert "open_clip cannot be imported (No module named 'open_clip')" in found[0].said
    assert "h5py cannot be imported (libhdf5.so" in found[1].said
    assert "pyarrow is not installed" in found[2].said


def test_operators_of_another_build_are_a_problem_and_the_gpu_is_still_asked_for():
    def refuse(path):
        raise OSError(f"{path}: undefined symbol: _ZN3c10")

    torch = Torch()
    torch.ops = SimpleNamespace(load_library=refuse, torchvision=SimpleNamespace(nms=1))
    broken, *others = libraries.pytorch(lambda _: torch)
    assert (broken.state, broken.check) == ("problem", "libraries")
    assert "torchvision cannot be imported (" in broken.said
    assert "undefined symbol" in broken.said
    assert "one index" in broken.remedy
    assert [one.check for one in others] == ["gpu"]
    torch.ops = SimpleNamespace(load_library=lambda path: None, torchvision=SimpleNamespace())
    assert "nms" in next(libraries.pytorch(lambda _: torch)).said


def test_a_torch_that_does_not_load_is_told_and_nothing_is_asked_of_it():
    def load(name):
        raise ImportError("libcudart.so.13: cannot open shared object file")

    (found,) = libraries.pytorch(load)
    assert (found.state, found.said) == (
        "problem", "torch cannot be imported (libcudart.so.13: cannot open shared object file).",
    )  # fmt: skip
