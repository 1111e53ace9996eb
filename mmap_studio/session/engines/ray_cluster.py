"""The engine of several computers: a Ray cluster, whose nodes share a file system with the cache.

A job is a streaming task, whose events come as they are made. Ray repeats nothing (`max_retries=0`): it would go on by
the number of events, and a repeated job that takes a group from the cache says fewer. What is lost begins again as
everywhere, by `fanned_out`. Each job has a process of its own (`max_calls=1`), so that threads are set before torch is
loaded and a GPU's memory is given back.
"""

import importlib
import math
import os
import secrets
import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmap_studio.errors import InputError, StorageError, TrainingError
from mmap_studio.formatting import counted
from mmap_studio.session.engines.cluster_node import BEGUN, UNFIT, Mark, Terms, looked_at, told_by, versions
from mmap_studio.session.engines.engine import Begun, Ended, Engine, Failed, Job, Lost, Message, Node, Resources, Told
from mmap_studio.session.engines.error_text import error_of
from mmap_studio.session.engines.local_processes import AT_ONCE, CLEARING, RESERVE
from mmap_studio.session.engines.ray_start import LOCAL, Joined, joined
from mmap_studio.session.engines.worker import DONE, EVENT, Share
from mmap_studio.session.runtime.cores import cores
from mmap_studio.storage import atomic
from mmap_studio.storage.temporaries import claimed

NODE_LABEL = "ray.io/node-id"
"""Label that every node has by itself."""
EVERY = 2.0
"""Seconds between two looks at the nodes."""
AGAIN = 3600.0
"""Seconds after which marks are written anew: who sweeps folders takes those of a day ago for left behind."""
GRACE = 60.0
"""Seconds without a node that a job fits on, as while one starts again, until the work is given up."""
ANSWER = 120.0
"""Seconds for a node to say what it is: a busy one starts a process and imports the studio."""
TAKEN = ("MMAP_STUDIO_CACHE", "MMAP_STUDIO_HOME", "MMAP_STUDIO_MODELS", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE")
"""Variables of this process that jobs have too, where they are set."""


@dataclass
class _Running:
    job: Job
    stream: Any
    node: str = ""


class RayCluster(Engine):
    """Jobs on the nodes of a Ray cluster, as many as their cores and GPUs allow.

    address : HOST:PORT of a cluster that this computer is a node of, or ``local``
    device : as the setting has it; auto means GPUs where the cluster has any
    threads : of each job, which takes as many cores; equal threads give equal bits
    gpu_share : of one GPU, for each job, and as much of its memory; as `RunOn.check` lets it pass
    shared : folders that every node must share with this computer, and write to
    needed : what every node must be able to read
    nice : how far jobs give way to others on the same cores

    InputError in one sentence for a cluster that cannot be joined, is open to everybody, or has no node that fits.
    """

    def __init__(
        self, address: str, device: str = "auto", threads: int | None = None, gpu_share: float | None = None,
        gpus: int = 0, shared: Sequence[Path] = (), needed: Sequence[Path] = (), nice: int = 0,
    ) -> None:  # fmt: skip
        if device not in ("auto", "cpu", "cuda"):
            raise InputError(f"A job on a cluster must compute on auto, cpu or cuda. Got {device!r} instead.")
        self._address, self._running, self._marks = address, dict[str, _Running](), ExitStack()
        self._unfit = dict[str, str]()
        """What of nodes that came later does not fit; no job goes there again."""
        self._joined: Joined | None = joined(address, cores(), gpus)
        try:
            self._nodes = _alive(self._joined.ray)
            self._gpu = _share_of(gpu_share, device, any(node.gpus for node in self._nodes.values()), address)
            self._threads = threads or self._fair_threads()
            self._looked = self._fitted = time.monotonic()
            if not self._at_once():
                raise InputError(self._too_much())
            self._task = self._joined.ray.remote(num_returns="streaming", max_retries=0, max_calls=1)(_job)
            held = 1.0 if self._gpu in (0, 1) else RESERVE * self._gpu
            variables = tuple((name, os.environ[name]) for name in TAKEN if name in os.environ)
            self._terms = Terms(
                Share(self._threads, nice=nice, memory=held), "cuda" if self._gpu else "cpu", versions(),
                self._marked(shared), tuple(str(path.absolute()) for path in needed), variables,
            )  # fmt: skip
            self._check_nodes()
        except BaseException:
            self.close()
            raise

    @property
    def resources(self) -> Resources:
        what = "Ray on this computer" if self._address == LOCAL else f"the Ray cluster at {self._address}"
        share = f" and {self._gpu:g} of a GPU" if self._gpu else ""
        count = self._at_once()
        name = f"{what}: {counted(count, 'job')} of {counted(self._threads, 'thread')}{share} at a time"
        return Resources(name, count, self._threads, tuple(self._nodes.values()))

    def submit(self, job: Job) -> None:
        where = {"label_selector": {NODE_LABEL: f"!in({','.join(self._unfit)})"}} if self._unfit else {}
        stream = self._task.options(num_cpus=self._threads, num_gpus=self._gpu, **where).remote(job, self._terms)
        self._running[job.name] = _Running(job, stream)

    def messages(self, seconds: float) -> list[Message]:
        self._look()
        if not self._running:
            time.sleep(seconds)
            return []
        streams = {one.stream: one for one in self._running.values()}
        ready, _ = self._ray.wait(list(streams), num_returns=1, timeout=seconds, fetch_local=False)
        if ready:
            ready, _ = self._ray.wait(list(streams), num_returns=len(streams), timeout=0, fetch_local=False)
        return [message for stream in ready for message in self._heard(streams[stream])]

    def cancel(self, names: Collection[str]) -> None:
        left = [self._running.pop(name) for name in names if name in self._running]
        for forced in (False, True):
            for one in left:
                with suppress(self._ray.exceptions.RayError, ValueError):
                    self._ray.cancel(one.stream, force=forced)
            ends = {one.stream.completed(): one for one in left}
            if ends:
                _, open_ = self._ray.wait(list(ends), num_returns=len(ends), timeout=CLEARING, fetch_local=False)
                left = [ends[end] for end in open_]

    def close(self) -> None:
        if self._joined is None:
            return
        self.cancel(list(self._running))
        self._joined.close()
        self._joined = None
        self._marks.close()

    @property
    def _ray(self) -> Any:
        assert self._joined is not None, "closed"
        return self._joined.ray

    # ---- what jobs say

    def _heard(self, one: _Running) -> list[Message]:
        """What lies in a job's stream; its end, where that is no end of the job's own."""
        found: list[Message] = []
        job, errors = one.job, self._ray.exceptions
        try:
            while len(found) < AT_ONCE and self._ray.wait([one.stream], timeout=0, fetch_local=False)[0]:
                what, value = self._ray.get(next(one.stream), timeout=GRACE)
                if what == BEGUN:
                    one.node = value
                    found.append(Begun(job, self._named(value)))
                elif what == EVENT:
                    found.append(Told(job, value))
                elif what == UNFIT:
                    self._unfit[one.node] = value
                    del self._running[job.name]
                    found.append(Lost(job, f"the node {self._named(one.node)} {value.rstrip('.')}"))
                    break
                else:
                    del self._running[job.name]
                    found.append(Ended(job) if what == DONE else Failed(job, error_of(value, job.title)))
                    break
        except StopIteration:
            found.append(self._lost(one, "its process ended without a word"))
        except errors.OutOfMemoryError:
            found.append(self._lost(one, "its process was ended, since the memory was nearly full"))
        except errors.NodeDiedError:
            found.append(self._lost(one, "its computer is gone"))
        except errors.WorkerCrashedError:
            found.append(self._lost(one, "its process was ended from outside"))
        except errors.RayTaskError as error:
            del self._running[job.name]
            found.append(Failed(job, RuntimeError(f"{job.title}\n{error}")))
        except errors.RayError as error:
            with suppress(errors.RayError, ValueError):
                self._ray.cancel(one.stream, force=True)
            found.append(self._lost(one, f"Ray says {type(error).__name__}"))
        return found

    def _lost(self, one: _Running, why: str) -> Lost:
        del self._running[one.job.name]
        return Lost(one.job, f"{why} ({self._named(one.node)})" if one.node else why)

    def _named(self, node: str) -> str:
        return self._nodes[node].name if node in self._nodes else f"a node that is gone, {node[:6]}"

    # ---- nodes

    def _at_once(self) -> int:
        return sum(self._fits(node) for key, node in self._nodes.items() if key not in self._unfit)

    def _fits(self, node: Node) -> int:
        """Jobs that a node does at a time."""
        by_cores = math.floor(node.cores / self._threads + 1e-9)
        return min(by_cores, math.floor(node.gpus) * math.floor(1 / self._gpu + 1e-9)) if self._gpu else by_cores

    def _fair_threads(self) -> int:
        """One; on GPUs the cores that each share of one has on every node that has any."""
        if not self._gpu:
            return 1
        per_node = [node.cores // (node.gpus // self._gpu) for node in self._nodes.values() if node.gpus >= 1]
        return max(1, int(min(per_node)))

    def _too_much(self) -> str:
        if unfit := [key for key, node in self._nodes.items() if key in self._unfit and self._fits(node)]:
            return f"The node {self._nodes[unfit[0]].name} {self._unfit[unfit[0]]}"
        share = f" and {self._gpu:g} of a GPU" if self._gpu else ""
        have = "; ".join(
            f"{node.name} has {counted(int(node.cores), 'core')}" + f" and {node.gpus:g} GPUs" * bool(self._gpu)
            for node in self._nodes.values()
        )
        return (
            f"A job must find a node with {counted(self._threads, 'core')}{share}. Found none in {self._address} "
            f"({have}): ask for less with --threads{' or --device cpu' * bool(self._gpu)}."
        )

    def _look(self) -> None:
        """Now and then: which nodes there are. TrainingError where for a while none has been one that jobs fit on."""
        now = time.monotonic()
        if now - self._looked < EVERY:
            return
        self._looked = now
        self._nodes = _alive(self._ray)
        if self._at_once():
            self._fitted = now
        elif now - self._fitted > GRACE:
            raise TrainingError(f"{self._too_much()} What is finished is in the cache.")
        if now - self._written > AGAIN:
            self._write_marks()

    def _marked(self, shared: Sequence[Path]) -> tuple[Mark, ...]:
        """A mark in each folder, under a name of what is being written, so that one left behind is cleared away."""
        marks = []
        for root in dict.fromkeys(path.absolute() for path in shared):
            atomic.make_folder(root)
            path = self._marks.enter_context(claimed(root / "mark"))
            self._marks.callback(_removed, path)
            marks.append(Mark(str(path), secrets.token_hex(16)))
        self._own_marks = tuple(marks)
        self._write_marks()
        return self._own_marks

    def _write_marks(self) -> None:
        self._written = time.monotonic()
        for mark in self._own_marks:
            atomic.write_text(mark.path, mark.content, Path(mark.path).parent)

    def _check_nodes(self) -> None:
        """InputError naming the first node on which jobs would find something else than here."""
        ray = self._ray
        near = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        look = ray.remote(num_cpus=0, max_retries=0, max_calls=1)(looked_at)
        fitting = [(key, node) for key, node in self._nodes.items() if self._fits(node)]
        asked = [(node, look.options(scheduling_strategy=near(key, soft=False)).remote(self._terms))
                 for key, node in fitting]  # fmt: skip
        for node, answer in asked:
            try:
                wrong = ray.get(answer, timeout=ANSWER)
            except ray.exceptions.RayTaskError as error:
                raise InputError(
                    f"The node {node.name} must have this mmap-studio. Found that it cannot run it "
                    f"({str(error).strip().splitlines()[-1]}): install the same version there."
                ) from None
            except ray.exceptions.RayError as error:
                raise InputError(
                    f"The node {node.name} must answer. Found {type(error).__name__}: look at it with `ray status`, or "
                    "take it out of the cluster."
                ) from None
            if wrong:
                raise InputError(f"The node {node.name} {wrong}")


def _job(job: Job, terms: Terms) -> Any:
    """The task: what a job says, from the node that Ray chose."""
    ray: Any = importlib.import_module("ray")
    yield from told_by(job, terms, ray.get_runtime_context().get_node_id())


def _removed(path: Path) -> None:
    with suppress(StorageError):
        atomic.remove(path, path.parent)


def _alive(ray: Any) -> dict[str, Node]:
    """Nodes by their ids; those of one computer are told apart by the ids' beginnings."""
    found = [node for node in ray.nodes() if node["Alive"]]
    hosts = [node["NodeManagerHostname"] for node in found]
    return {
        node["NodeID"]: Node(
            host if hosts.count(host) == 1 else f"{host} {node['NodeID'][:6]}",
            node["Resources"].get("CPU", 0.0), node["Resources"].get("GPU", 0.0),
        )
        for node, host in zip(found, hosts, strict=True)
    }  # fmt: skip


def _share_of(asked: float | None, device: str, any_gpu: bool, address: str) -> float:
    """The part of a GPU that each job has; 0 where none is to be used."""
    if device == "cuda" and not any_gpu:
        raise InputError(f"The cluster {address} must have a GPU for --device cuda. Found none: ask for cpu or auto.")
    if device == "cpu" or not any_gpu:
        if asked is not None:
            raise InputError(f"A share of a GPU needs one. Found none to use in {address}: leave the share out.")
        return 0
    return asked or 1.0
