"""Check of libraries: whether each can be imported at all, and what torch sees of a GPU. For a process of its own."""

import importlib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mmap_studio.session.doctor.child_checks import doing
from mmap_studio.session.doctor.finding import Finding
from mmap_studio.session.runtime.cgroups import read

MODULES = ("numpy", "PIL.Image", "pydantic", "filelock", "platformdirs", "tomli_w", "safetensors", "h5py", "sklearn",
           "threadpoolctl", "huggingface_hub", "torch", "torchvision", "open_clip")  # fmt: skip
"""What every run needs, the quick ones first; Qt's are tried where the display is."""
OPTIONAL = {"pyarrow.parquet": "tables in Parquet cannot be read without it"}
DRIVER = Path("/proc/driver/nvidia/version")
_REMEDY = "install it again: pip install --force-reinstall --no-deps {}"
_TOGETHER = "torch and torchvision must come together from one index: README, Without a GPU"


def libraries(load: Callable[[str], Any] = importlib.import_module) -> Iterator[Finding]:
    """A finding for every module that cannot be imported, and one for all that can; then those on the GPU."""
    failed = False
    for name in (*MODULES, *OPTIONAL):
        doing(f"importing {name}")
        try:
            load(name)
        except ModuleNotFoundError as error:
            if name in OPTIONAL and error.name == name.partition(".")[0]:
                yield Finding("libraries", "ok", f"{error.name} is not installed; {OPTIONAL[name]}.")
            else:
                failed = True
                yield _broken(name, error)
        except Exception as error:  # a library that loads another one raises what it likes
            failed = True
            yield _broken(name, error)
    if not failed:
        yield Finding("libraries", "ok", "All libraries can be imported.")
    yield from gpu(load)


def _broken(name: str, error: Exception) -> Finding:
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    package = name.partition(".")[0]
    remedy = _TOGETHER if package in ("torch", "torchvision") else _REMEDY.format(package)
    return Finding("libraries", "problem", f"{package} cannot be imported ({said}).", remedy)


def gpu(load: Callable[[str], Any] = importlib.import_module, driver: Path = DRIVER) -> Iterator[Finding]:
    """Which GPU torch computes with; none is no fault, one that it cannot use is a warning."""
    doing("asking torch for a GPU")
    try:
        torch = load("torch")
    except Exception:  # told by `libraries`
        return
    words = read(driver).split("Kernel Module", 1)[-1].split()
    kernel = next((word for word in words if word[:1].isdigit()), "")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        there = torch.cuda.is_available()
    built = torch.version.cuda or getattr(torch.version, "hip", None)
    if there:
        yield from _devices(torch, f"driver {kernel or 'unknown'}, PyTorch for CUDA {built}")
    elif torch.backends.mps.is_available():
        yield Finding("gpu", "ok", "PyTorch computes on this Mac's GPU (mps).")
    elif kernel and not built:
        yield Finding("gpu", "warning", f"NVIDIA's driver {kernel} is there, but this PyTorch is for the CPU alone.",
                      "to compute on the GPU, install torch and torchvision for CUDA")  # fmt: skip
    elif kernel:
        why = f" ({str(heard[0].message).splitlines()[0]})" if heard else ""
        said = f"NVIDIA's driver {kernel} is there, but PyTorch for CUDA {built} sees no GPU{why}."
        yield Finding("gpu", "warning", said,
                      "update the driver or take a PyTorch for an older CUDA; give the container the GPU")  # fmt: skip
    else:
        yield Finding("gpu", "ok", "There is no GPU that PyTorch can use; it computes on the CPU.")


def _devices(torch: Any, how: str) -> Iterator[Finding]:
    for index in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(index)
        name = f"{about.name} ({about.total_memory / 1e9:.1f} GB, {how})"
        try:
            one = torch.ones(8, 8, device=f"cuda:{index}")
            sound = float((one @ one).sum()) == 512
        except Exception as error:
            why = (str(error).splitlines() or [type(error).__name__])[0]
            yield Finding("gpu", "problem", f"{name} cannot be computed with ({why}).",
                          "install a PyTorch that is built for it, or use --device cpu")  # fmt: skip
            continue
        if sound:
            yield Finding("gpu", "ok", f"{name} computes.")
        else:
            yield Finding("gpu", "problem", f"{name} computes wrongly.", "use --device cpu, and look after the GPU")
