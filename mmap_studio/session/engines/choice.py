"""Which engine is meant by what a user asks for."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from mmap_studio.errors import InputError
from mmap_studio.formatting import counted
from mmap_studio.session.engines.engine import Engine

MOST = 256
"""Processes at most."""


@dataclass(frozen=True)
class RunOn:
    """Where jobs are to run: in this process, one after the other, unless something else is said."""

    processes: int | None = None
    """Beside this one, at once."""
    cluster: str = ""
    """``HOST:PORT`` of a Ray cluster, or ``local`` for one of this computer alone."""
    threads: int | None = None
    """Of each process, or of each job of the cluster."""
    gpu_share: float | None = None
    """Of a GPU, for each job of the cluster."""

    @property
    def words(self) -> str:
        """Such as ``2 processes``, or ``the cluster 10.0.0.1:6379``."""
        if self.cluster:
            return "a cluster of this computer alone" if self.cluster == "local" else f"the cluster {self.cluster}"
        return "this process" if self.processes is None else counted(self.processes, "process", "processes")

    @property
    def texts(self) -> dict[str, str]:
        """What was asked for, by the names of the command line's options."""
        said = {"processes": self.processes, "cluster": self.cluster or None, "threads": self.threads,
                "gpu-share": self.gpu_share}  # fmt: skip
        return {name: f"{value}" for name, value in said.items() if value is not None}

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> "RunOn":
        """As `texts` has it; in this process for what says nothing that can be meant."""
        number = {name: int(texts[name]) for name in ("processes", "threads") if texts.get(name, "").isdecimal()}
        try:
            share = float(texts["gpu-share"]) if "gpu-share" in texts else None
            found = cls(number.get("processes"), texts.get("cluster", ""), number.get("threads"), share)
            found.check()
        except ValueError:  # InputError is one
            return cls()
        return found

    def check(self) -> None:
        """InputError for what does not go together."""
        if self.processes is not None and not 1 <= self.processes <= MOST:
            raise InputError(f"The number of processes must be from 1 to {MOST}. Got {self.processes} instead.")
        if self.processes is not None and self.cluster:
            raise InputError("Work runs on --processes of this computer or on a --cluster. Got both: leave one out.")
        if self.cluster:
            from mmap_studio.session.engines.ray_start import LOCAL, parsed

            parsed(self.cluster) if self.cluster != LOCAL else None
        if self.threads is not None and not (self.processes or self.cluster):
            raise InputError("--threads are those of --processes or of a --cluster's jobs. Got neither: add one.")
        if self.threads is not None and self.threads < 1:
            raise InputError(f"The number of threads must be 1 or more. Got {self.threads} instead.")
        if self.gpu_share is not None and not self.cluster:
            raise InputError("--gpu-share is that of a --cluster's jobs. Got none: add it, or leave the share out.")
        if self.gpu_share is not None and not 0.01 <= self.gpu_share <= 1:
            raise InputError(f"A job's share of a GPU must be from 0.01 to 1. Got {self.gpu_share} instead.")


HERE = RunOn()


def chosen_engine(
    asked: RunOn, device: str = "auto", shared: Sequence[Path] = (), needed: Sequence[Path] = (), nice: int = 0
) -> AbstractContextManager[Engine | None]:
    """The engine that is asked for; none where the work is to be done here. InputError where it cannot be had.

    device : as the setting has it; processes share this computer's GPUs where it is auto or cuda
    nice : how far processes of this computer give way to a window
    shared, needed : folders that all nodes of a cluster must share, and what they must be able to read
    """
    asked.check()
    if asked.cluster:
        from mmap_studio.session.engines.ray_cluster import RayCluster
        from mmap_studio.session.engines.ray_start import LOCAL

        own, way = (gpus(device), nice) if asked.cluster == LOCAL else (0, 0)
        return RayCluster(asked.cluster, device, asked.threads, asked.gpu_share, own, shared, needed, way)
    if asked.processes is None:
        return nullcontext()
    from mmap_studio.session.engines.local_processes import LocalProcesses

    return LocalProcesses(asked.processes, asked.threads, gpus(device), nice)


def gpus(device: str) -> int:
    """GPUs of this computer that jobs with this setting would use."""
    if device not in ("auto", "cuda"):
        return 0
    import torch

    return torch.cuda.device_count()
