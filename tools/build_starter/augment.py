"""What happens to a batch of pictures before the model sees it. Everything is drawn from one generator."""

import math

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


def augment(pictures: Tensor, regions: Tensor, plain: Tensor, mild: Tensor, g: torch.Generator) -> Tensor:
    """Make model input: (n, D, D, 4) uint8, (n, D, D) uint8, (n,) bool, (n,) bool -> (n, 3, SIZE, SIZE) float.

    `plain` marks single-colour icons, which get a colour of their own. `mild` pictures stay as they are, on white,
    but for a flip and a little scaling: without them at first, the model finds nothing to begin with.
    """
    n = len(pictures)
    full = 1 - mild.view(n, 1, 1, 1).float()
    x = pictures.permute(0, 3, 1, 2).float() / 255  # (n, 4, D, D)
    rgb, alpha = x[:, :3], x[:, 3:]
    rgb, alpha = paint_plain(rgb, alpha, regions, plain.view(n, 1, 1, 1).float(), full, g)
    rgb = rgb + full * (shade(tint(rgb, g), g) - rgb)
    background = 1 - full * chance(0.3, n, g) * torch.rand(n, 3, 1, 1, generator=g) * uniform(0, 1, n, g)
    rgb, alpha = contour(rgb, alpha, full, g)
    flat = rgb * alpha + background * (1 - alpha)
    moved = move(flat - background, full.view(n), g) + background
    return (moved - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)


def paint_plain(rgb: Tensor, alpha: Tensor, regions: Tensor, plain: Tensor, full: Tensor,
                g: torch.Generator) -> tuple[Tensor, Tensor]:
    """Give single-colour icons a colour (half stay black) and fill what their lines enclose."""
    n = len(rgb)
    ink = torch.rand(n, 3, 1, 1, generator=g) * chance(0.5, n, g) * full
    rgb = rgb * (1 - plain) + ink * plain
    palette = torch.rand(n, 16, 3, generator=g)
    palette = torch.where((chance(0.25, n, g) > 0).view(n, 1, 1), torch.ones(()), palette)
    one = chance(0.5, n, g).view(n, 1, 1)  # one colour for all areas
    palette = palette * (1 - one) + palette[:, :1] * one
    index = regions.long() % 16
    fill = torch.gather(palette, 1, index.view(n, -1, 1).expand(-1, -1, 3))  # (n, D * D, 3)
    fill = fill.permute(0, 2, 1).reshape_as(rgb)
    inside = (regions > 0).float().unsqueeze(1) * chance(0.6, n, g) * plain * full
    inside = inside * (1 - alpha)
    total = alpha + inside
    rgb = (rgb * alpha + fill * inside) / total.clamp(min=1e-3)
    return rgb, total


def tint(rgb: Tensor, g: torch.Generator) -> Tensor:
    """Brightness, contrast, colour channels, grey, and now and then two tones."""
    n = len(rgb)
    grey = rgb.mean(1, keepdim=True)
    saturation = uniform(0.6, 1.4, n, g) * (1 - chance(0.15, n, g))
    rgb = grey + (rgb - grey) * saturation
    gain = 1 + (torch.rand(n, 3, 1, 1, generator=g) - 0.5) * 0.3
    rgb = (rgb * gain + uniform(-0.08, 0.08, n, g)).clamp(0, 1)
    two = chance(0.08, n, g)
    tones = torch.sigmoid((grey - uniform(0.35, 0.7, n, g)) * 25)
    return rgb * (1 - two) + tones * two


def shade(rgb: Tensor, g: torch.Generator) -> Tensor:
    """A linear gradient of light in a random direction, on a third of the pictures."""
    n, side = len(rgb), rgb.shape[-1]
    line = torch.linspace(-1, 1, side)
    angle = uniform(0, 2 * math.pi, n, g)
    ramp = angle.cos() * line.view(1, 1, 1, -1) + angle.sin() * line.view(1, 1, -1, 1)
    strength = uniform(0, 0.35, n, g) * chance(0.35, n, g)
    return (rgb * (1 + ramp * strength) + (ramp * strength).clamp(min=0) * 0.3).clamp(0, 1)


def contour(rgb: Tensor, alpha: Tensor, full: Tensor, g: torch.Generator) -> tuple[Tensor, Tensor]:
    """A black line around the whole picture, on one in eight."""
    on = chance(0.12, len(rgb), g) * full
    wide = F.max_pool2d(alpha, 3, 1, 1)
    total = alpha * (1 - on) + wide * on
    return rgb * alpha / total.clamp(min=1e-3) * on + rgb * (1 - on), total


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
