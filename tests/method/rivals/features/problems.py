"""Features that are easy to tell apart, and methods that are run to their end."""

import torch
from torch.nn import functional as F

from mmap_studio.method.rivals.features.feature_method import Problem
from mmap_studio.session.runtime.generator_result import Returning

SCALE = 20.0


def problem(images=24, classes=4, width=8, seed=0, own=None):
    """Images around the centres of their classes, which come in turn; texts beside the centres."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.eye(width)[:classes]
    labels = torch.arange(images) % classes
    noise = 0.3 * torch.randn(images, width, generator=generator)
    texts = F.normalize(centres + 0.4 * torch.randn(classes, width, generator=generator), dim=-1)
    seen = torch.ones(images, classes, dtype=torch.bool) if own is None else own
    return Problem(F.normalize(centres[labels] + noise, dim=-1), labels, texts, seen, SCALE)


def learned(method, problem, seed=0, values=None):
    """What a method learns of a problem, and its reports."""
    walk = Returning(method.learn(problem, method.candidates[0] if values is None else values, seed))
    reports = list(walk)
    return walk.value, reports


def logits(method, found, problem):
    """Of the problem's own images."""
    return method.logits(found.arrays, problem.texts, problem.features, problem.scale)
