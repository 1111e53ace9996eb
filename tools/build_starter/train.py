"""Train the backbone: warm-up, stable, decay; saved every few minutes, so that a run can be broken off and resumed."""

import json
import math
import os
import time
from collections import deque
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from tools.build_starter.batches import Corpus
from tools.build_starter.captions import CLASSES
from tools.build_starter.config import MODEL
from tools.build_starter.former import STEPS as FORMER_STEPS
from tools.build_starter.model import hidden_matrices, make_for_training
from tools.build_starter.muon import Muon
from tools.build_starter.objective import losses

SEED = 20261
STEPS = 1500
WARMUP = 100  # steps
DECAY_STEPS = 350  # at the end
MUON_LR, ADAM_LR = 3e-3, 2e-3  # peak learning rates
KIND_WEIGHT = 0.5  # of the loss over subgroups
SAVE_EVERY, REPORT_EVERY = 50, 20  # steps


def rate(step: int, steps: int) -> float:
    """Share of the peak learning rate at a step: up, level, then down as 1 - sqrt (Hägele et al. 2024)."""
    start = steps - min(DECAY_STEPS, steps // 3)
    if step < start:
        return min(1.0, (step + 1) / WARMUP)
    return 1 - math.sqrt((step - start) / (steps - start))


class Trainer:
    """Model, the read-out beside it, optimizers and the number of steps done."""

    def __init__(self, corpus: Corpus):
        self.corpus = corpus
        self.clip = make_for_training(len(corpus.captions.used), SEED)
        matrices = hidden_matrices(self.clip)
        by_muon = {id(matrix) for matrix in matrices}
        self.readout = nn.Linear(MODEL["embed_dim"], len(CLASSES))
        rest = [p for module in (self.clip, self.readout) for p in module.parameters() if id(p) not in by_muon]
        self.muon = Muon(matrices)
        self.adam = torch.optim.AdamW(rest, lr=ADAM_LR, betas=(0.9, 0.95), weight_decay=0.0)
        self.before = self.done = 0

    def start_from(self, weights: Path, steps: int) -> None:
        """Take the weights of an exported backbone that learnt for `steps` steps; words new to it stay as drawn."""
        state = {name: tensor.float() for name, tensor in load_file(weights).items()}
        used = torch.from_numpy(self.corpus.captions.used)
        table = state["token_embedding.weight"][used]
        new = table.abs().sum(1, keepdim=True) == 0
        state["token_embedding.weight"] = torch.where(new, self.clip.token_embedding.weight.detach(), table)
        self.clip.load_state_dict(state)
        self.before = steps

    def step(self, steps: int) -> tuple[float, ...]:
        """One step of a run of `steps`; returns the losses."""
        generator = torch.Generator().manual_seed(SEED * 100_003 + self.done)
        batch = self.corpus.batch(SEED, self.done, self.before)
        contrast, kind, by_class = losses(self.clip, self.readout, self.corpus, batch, generator)
        self.clip.zero_grad()
        self.readout.zero_grad()
        (contrast + KIND_WEIGHT * kind + by_class).backward()
        share = rate(self.done, steps)
        self.muon.step(MUON_LR * share)
        self.adam.param_groups[0]["lr"] = ADAM_LR * share
        self.adam.step()
        self.done += 1
        return contrast.item(), kind.item(), by_class.item()

    def save(self, path: Path) -> None:
        """Write everything needed to go on, beside and renamed."""
        state = {
            "done": self.done,
            "before": self.before,
            "clip": self.clip.state_dict(),
            "readout": self.readout.state_dict(),
            "muon": self.muon.buffers,
            "adam": self.adam.state_dict(),
            "used": torch.from_numpy(self.corpus.captions.used),
        }
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, path)

    def load(self, path: Path) -> None:
        """Go on from a saved state."""
        state = torch.load(path, weights_only=True)
        self.clip.load_state_dict(state["clip"])
        self.readout.load_state_dict(state["readout"])
        self.muon.buffers = state["muon"]
        self.adam.load_state_dict(state["adam"])
        self.before, self.done = state["before"], state["done"]


def train(corpus: Corpus, path: Path, steps: int = STEPS, start: Path | None = None) -> None:
    """Train to the end, from the checkpoint `path` if it exists, else from `start`; `path` is the trained checkpoint.

    The rate is level until DECAY_STEPS (at most a third) before the end: a run broken off may go on with other `steps`.
    """
    trainer = Trainer(corpus)
    if path.exists():
        trainer.load(path)
    elif start:
        trainer.start_from(start, FORMER_STEPS)
    recent: deque[tuple[float, ...]] = deque(maxlen=REPORT_EVERY)
    began, first = time.perf_counter(), trainer.done
    while trainer.done < steps:
        recent.append(trainer.step(steps))
        if trainer.done % REPORT_EVERY == 0:
            pace = (time.perf_counter() - began) / (trainer.done - first)
            report(trainer, recent, pace, steps)
        if trainer.done % SAVE_EVERY == 0 or trainer.done == steps:
            trainer.save(path)


def report(trainer: Trainer, recent: deque[tuple[float, ...]], pace: float, steps: int) -> None:
    """Print one line of JSON: where training is, its losses, its speed."""
    contrast, kind, by_class = np.mean(recent, axis=0).round(3).tolist()
    line = {
        "step": trainer.done,
        "of": steps,
        "contrast": contrast,
        "kind": kind,
        "class": by_class,
        "scale": round(trainer.clip.logit_scale.exp().item(), 1),
        "seconds_per_step": round(pace, 2),
    }
    print(json.dumps(line), flush=True)
