"""Checks of libraries: whether each is there and loads, and what torch sees of a GPU. For processes of their own."""

import importlib
import importlib.util
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mmap_studio.session.doctor.child_checks import doing
from mmap_studio.session.doctor.finding import Finding
from mmap_studio.session.doctor.versions import TOGETHER
from mmap_studio.session.runtime.cgroups import read

MODULES = ("numpy", "PIL.Image", "pydantic", "safetensors", "h5py", "sklearn")
"""With compiled parts, of which only loading them says whether they load. Torch's and torchvision's are tried with the
GPU, Qt's where the display is."""
PLAIN = ("filelock", "platformdirs", "tomli_w", "threadpoolctl", "huggingface_hub", "torchvision", "open_clip")
"""Python alone, or seconds of it: whether they are there is looked up, what they require in turn by `versions`."""
OPTIONAL = {"pyarrow.parquet": "tables in Parquet cannot be read without it"}
DRIVER = Path("/proc/driver/nvidia/version")
_REMEDY = "install it again: pip install --force-reinstall --no-deps {}"


def libraries(
    load: Callable[[str], Any] = importlib.import_module, find: Callable[[str], Any] = importlib.util.find_spec
) -> Iterator[Finding]:
    """A finding for every module that is not there or does not load, and one where there is none."""
    failed = False
    for name in (*PLAIN, *MODULES, *OPTIONAL):
        doing(f"importing {name}")
        try:
            if name not in PLAIN:
                load(name)
            elif find(name) is None:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
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
        yield Finding("libraries", "ok", "All libraries are there, and what is compiled in them loads.")


def pytorch(load: Callable[[str], Any] = importlib.import_module) -> Iterator[Finding]:
    """Findings on torch, on torchvision's operators, which must be of the same build, and on the GPU."""
    doing("importing torch")
    try:
        torch = load("torch")
    except Exception as error:
        yield _broken("torch", error)
        return
    doing("loading torchvision's operators")
    try:
        _load_operators(torch)
    except Exception as error:
        yield _broken("torchvision", error)
    yield from gpu(torch)


def _load_operators(torch: Any) -> None:
    """As `import torchvision` does, without the seconds of its models; whatever torch raises where they do not fit."""
    found = importlib.util.find_spec("torchvision")
    for folder in (found.submodule_search_locations or ()) if found else ():
        for file in Path(folder).glob("_C*"):
            torch.ops.load_library(str(file))
        _ = torch.ops.torchvision.nms  # Python imports torchvision without it, and then models fail


def _broken(name: str, error: Exception) -> Finding:
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    package = name.partition(".")[0]
    remedy = TOGETHER if package in ("torch", "torchvision") else _REMEDY.format(package)
    return Finding("libraries", "problem", f"{package} cannot be imported ({said}).", remedy)


def gpu(torch: Any, driver: Path = DRIVER) -> Iterator[Finding]:
    """Which GPU torch computes with; none is no fault, one that it cannot use is a warning."""
    doing("asking torch for a GPU")
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
