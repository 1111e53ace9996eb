"""Which engine is meant by what a user asks for."""

from contextlib import AbstractContextManager, nullcontext

from mmap_studio.session.engines.engine import Engine
from mmap_studio.session.engines.local_processes import LocalProcesses


def chosen_engine(processes: int | None = None, device: str = "auto") -> AbstractContextManager[Engine | None]:
    """Processes beside this one where a number of them is asked for; else none: the work is done here.

    device : as the setting has it; processes share this computer's GPUs where it is auto or cuda
    """
    if processes is None:
        return nullcontext()
    return LocalProcesses(processes, gpus=gpus(device) if processes > 0 else 0)


def gpus(device: str) -> int:
    """GPUs of this computer that jobs with this setting would use."""
    if device not in ("auto", "cuda"):
        return 0
    import torch

    return torch.cuda.device_count()
