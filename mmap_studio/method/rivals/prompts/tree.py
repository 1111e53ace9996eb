"""A tree of prompts over the measured affinity: every node has a context, a task's logits are the mean along its path.

The idea of HiPro (CVPR 2023, pp. 10888-10898): tasks that help each other share more nodes. There is no public
code, and only its abstract could be read, so this is not its method: the tree is average linkage on MmAP's measured
affinity, each of its 2 T - 1 nodes has CoOp's 16 tokens at CoOp's rates, and all are trained together.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmap_studio.errors import InputError
from mmap_studio.method.bank import PromptModule
from mmap_studio.method.batches import Batch
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import cached_text_features, iterate_features
from mmap_studio.method.objective import class_features_by_prompt
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.rivals.method import Beyond, Data, Learned, Predict, Scope, Values
from mmap_studio.method.rivals.prompts.prompt_method import NAME_ONLY, PROMPT_STD, PromptMethod, room
from mmap_studio.method.task import ImageSet, TaskSpec
from mmap_studio.method.training import Joint


def average_linkage(affinity: np.ndarray) -> np.ndarray:
    """int64 (T, 2 T - 1): 1 where a node is on the path of a task, from its leaf (the first T) to the root (the last).

    affinity : (T, T), rows the source; a column is divided by the recipient's affinity to itself, and both directions
    are averaged. Cells that were not measured count as none.
    """
    from scipy.cluster.hierarchy import linkage

    tasks = len(affinity)
    paths = np.zeros((tasks, 2 * tasks - 1), np.int64)
    paths[:, :tasks] = np.eye(tasks, dtype=np.int64)
    if tasks < 2:
        return paths
    own = np.diag(affinity)
    scaled = np.nan_to_num(affinity / np.where(own > 0, own, np.nan)[None, :])
    alike = ((scaled + scaled.T) / 2)[np.triu_indices(tasks, 1)]
    for number, (one, other, *_) in enumerate(linkage(alike.max() - alike, "average")):
        members = paths[:, int(one)] | paths[:, int(other)]
        paths[:, tasks + number] = members
    return paths


class TreePrompts(PromptModule):
    """Contexts (N, 1, b, d_l) of the nodes, and which of them are on the path of each task."""

    paths: Tensor
    """int64 (T, N)"""

    def __init__(self, clip: FrozenClip, names: tuple[str, ...], tokens: int, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        nodes = 2 * len(names) - 1
        self.clip, self.names = clip, names
        start = torch.randn(nodes, 1, tokens, clip.text_width, generator=generator)
        self.contexts = nn.Parameter(PROMPT_STD * start)
        self.register_buffer("paths", torch.ones(len(names), nodes, dtype=torch.int64))

    @property
    def prompt_of(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.names)}

    def nodes(self, name: str) -> list[int]:
        """On the path of a task."""
        found: list[int] = torch.nonzero(self.paths[self.names.index(name)])[:, 0].tolist()
        return found

    def forward(self) -> PromptPair:
        return PromptPair(self.contexts, self.clip.no_prompts().image.expand(len(self.contexts), -1, -1, -1))


class TreeJoint(Joint):
    """`Joint` of logits that are averaged along each task's path; images are those of the frozen tower."""

    def backward(self, batches: Sequence[Batch]) -> Tensor:
        bank, scale = self.bank, self.clip.logit_scale
        assert isinstance(bank, TreePrompts)
        pairs = [(node, t) for t, name in enumerate(self.names) for node in bank.nodes(name)]
        texts = class_features_by_prompt(self.clip, self.lists, bank(), pairs)
        with torch.no_grad():
            encoded = self.clip.encode_image(torch.cat([batch.images for batch in batches]))
        losses = []
        for t, image in enumerate(encoded.split([len(batch.labels) for batch in batches])):
            along = [texts[node, self.lists.of_task[t]] for node in bank.nodes(self.names[t])]
            losses.append(F.cross_entropy(scale * image @ torch.stack(along).mean(0).T, batches[t].labels))
        whole = torch.stack(losses)
        whole.sum().backward()
        return whole.detach()


class PromptTree(PromptMethod):
    """A context at every node of a tree of tasks."""

    name = "prompt_tree"
    title = "Prompt tree"
    source = (
        "After HiPro, Liu et al. 2023 (CVPR, no public code): average linkage on the measured affinity, CoOp's tokens"
    )
    scopes: tuple[Scope, ...] = ("pooled",)
    beyond: tuple[Beyond, ...] = ("classes",)
    candidates: tuple[Values, ...] = ({"learning_rate": 0.002}, {"learning_rate": 0.02}, {"learning_rate": 0.2})
    template = NAME_ONLY
    joint = TreeJoint
    towers = ("text",)
    text_tokens = 16
    needs_affinity = True

    def module(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...], seed: int) -> PromptModule:
        names = tuple(dict.fromkeys(task.name for task in tasks))
        return TreePrompts(clip, names, room(clip, tasks, self.text_tokens), seed).to(clip.device)

    def made(self, data: Data, seed: int) -> PromptModule:
        module = super().made(data, seed)
        assert isinstance(module, TreePrompts)
        if data.affinity is None:
            raise InputError("A prompt tree needs the measured affinity of its tasks, and was given none.")
        module.paths.copy_(torch.from_numpy(average_linkage(data.affinity())))
        return module

    def predictor(self, data: Data, learned: Learned) -> Predict:
        module = self.loaded(data, learned)
        assert isinstance(module, TreePrompts)
        if not bool(((module.paths == 0) | (module.paths == 1)).all()) or not bool(module.paths.any(1).all()):
            raise ValueError(f"{self.title} must have paths of nodes.")
        with torch.no_grad():
            prompts = module()
        features, tokens = cached_text_features(data.clip, prompts), prompts.text.shape[-2]

        def predict(task: TaskSpec, images: ImageSet) -> np.ndarray:
            (read,), scale = self.read((task,)), float(data.clip.logit_scale)
            self.check_fits(data.clip, read, tokens)
            texts = read.texts()
            mean = torch.from_numpy(np.mean([features(node, texts) for node in module.nodes(task.name)], axis=0))
            found = [(scale * torch.tensor(batch) @ mean.T).softmax(1).numpy()
                     for batch in iterate_features(data.clip, images)]  # fmt: skip
            return np.concatenate(found) if found else np.zeros((0, len(texts)), np.float32)

        return predict
