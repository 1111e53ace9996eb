"""What happens to a batch of images before the model sees it. Everything is drawn from one generator."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tools.build_starter.config import MEAN, MODEL, STD

REDRAWN = 0.3  # share of coloured images drawn in another manner
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
    rgb, alpha = redraw(rgb, alpha, full * (1 - plain.view(n, 1, 1, 1).float()) * chance(REDRAWN, n, g), g)
    rgb = rgb + full * (tint(rgb, g) - rgb)
    ground = 1 - full * chance(0.3, n, g) * torch.rand(n, 3, 1, 1, generator=g) * uniform(0, 1, n, g)
    flat = rgb * alpha + ground * (1 - alpha)
    moved = move(flat - ground, full.view(n), g) + ground
    return (moved - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)


def redraw(rgb: Tensor, alpha: Tensor, chosen: Tensor, g: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw `chosen` coloured images (n, 1, 1, 1) as others might: with outlines, or in ink alone.

    Ink is where an outline is, or where it is darker (or, of one in two, lighter) than a level; the rest keeps its
    colour, turns white, or is left out.
    """
    n = len(rgb)
    grey = (rgb * alpha).mean(1, keepdim=True) + (1 - alpha)  # on white
    wide = F.max_pool2d(grey, 3, 1, 1) + F.max_pool2d(-grey, 3, 1, 1)  # contrast with the neighbours
    rim = F.max_pool2d(alpha, 3, 1, 1) + F.max_pool2d(-alpha, 3, 1, 1)
    line = (torch.maximum(wide * 2, rim) - uniform(0.2, 0.5, n, g)).mul(6).clamp(0, 1)
    level = uniform(0.3, 0.7, n, g)
    side = chance(0.5, n, g) * 2 - 1
    dark = ((level - grey) * side).mul(12).clamp(0, 1) * alpha
    ink = torch.maximum(line * chance(0.75, n, g), dark * chance(0.5, n, g))
    kind = torch.rand(n, 1, 1, 1, generator=g)
    colour = torch.rand(n, 3, 1, 1, generator=g) * chance(0.3, n, g)
    base = torch.where(kind < 0.4, rgb, torch.ones_like(rgb))
    drawn = base + ink * (colour - base)
    shown = torch.where(kind < 0.7, torch.maximum(alpha, ink), ink)
    empty = (ink.mean((1, 2, 3), keepdim=True) < 0.03).float()  # nothing would be left to see
    chosen = chosen * (1 - empty)
    return rgb + chosen * (drawn - rgb), alpha + chosen * (shown - alpha)


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
