"""What happens to a batch of images before the model sees it. Everything is drawn from one generator."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tools.build_starter.config import MEAN, MODEL, STD

SIZE = MODEL["vision_cfg"]["image_size"]


def chance(p: float, n: int, g: torch.Generator) -> Tensor:
    """(n, 1, 1, 1) float 0 or 1."""
    return (torch.rand(n, 1, 1, 1, generator=g) < p).float()


def uniform(low: float, high: float, n: int, g: torch.Generator) -> Tensor:
    """(n, 1, 1, 1) float in [low, high)."""
    return torch.rand(n, 1, 1, 1, generator=g) * (high - low) + low


def augment(images: Tensor, plain: Tensor, mild: Tensor, g: torch.Generator) -> Tensor:
    """Make model input: (n, D, D, 4) uint8, (n,) bool, (n,) bool -> (n, 3, SIZE, SIZE) float.

    `plain` marks images in one colour: half of them get a colour of their own. `mild` images stay as they are, on
    white, but for a flip and a little scaling: without them at first, the model finds nothing to begin with.
    """
    n = len(images)
    full = 1 - mild.view(n, 1, 1, 1).float()
    x = images.permute(0, 3, 1, 2).float() / 255  # (n, 4, D, D)
    rgb, alpha = x[:, :3], x[:, 3:]
    ink = torch.rand(n, 3, 1, 1, generator=g) * chance(0.5, n, g) * full
    rgb = torch.where(plain.view(n, 1, 1, 1), ink, rgb)
    rgb = rgb + full * (tint(rgb, g) - rgb)
    ground = 1 - full * chance(0.3, n, g) * torch.rand(n, 3, 1, 1, generator=g) * uniform(0, 1, n, g)
    flat = rgb * alpha + ground * (1 - alpha)
    moved = move(flat - ground, full.view(n), g) + ground
    return (moved - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)


def tint(rgb: Tensor, g: torch.Generator) -> Tensor:
    """Saturation (one in seven grey), colour channels, brightness."""
    n = len(rgb)
    grey = rgb.mean(1, keepdim=True)
    rgb = grey + (rgb - grey) * uniform(0.6, 1.4, n, g) * (1 - chance(0.15, n, g))
    gain = 1 + (torch.rand(n, 3, 1, 1, generator=g) - 0.5) * 0.3
    return (rgb * gain + uniform(-0.08, 0.08, n, g)).clamp(0, 1)


def move(x: Tensor, full: Tensor, g: torch.Generator) -> Tensor:
    """Flip, scale, turn and shift: (n, 3, D, D) -> (n, 3, SIZE, SIZE), zeros outside."""
    n = len(x)
    size = torch.where(full > 0, uniform(0.62, 1.1, n, g).view(n), uniform(0.92, 1.04, n, g).view(n))
    ratio = 1 + (uniform(-0.1, 0.1, n, g).view(n)) * full
    angle = (uniform(-1, 1, n, g) * 0.25 * chance(0.5, n, g)).view(n) * full
    flip = 1 - 2 * chance(0.5, n, g).view(n)
    shift = (torch.rand(n, 2, generator=g) - 0.5) * (0.12 + 0.8 * (1 - size).clamp(min=0))[:, None]
    cos, sin = angle.cos() / size, angle.sin() / size
    rows = torch.stack([cos * flip * ratio, -sin * flip, shift[:, 0], sin * ratio, cos, shift[:, 1]], 1).view(n, 2, 3)
    grid = F.affine_grid(rows, [n, x.shape[1], SIZE, SIZE], align_corners=False)
    return F.grid_sample(x, grid, mode="bilinear", align_corners=False)
