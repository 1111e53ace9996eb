"""From the host's memory to the device that computes."""

import numpy as np
import torch
from torch import Tensor


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor on `device`; a CUDA device is not waited for, which takes memory that stays in its place."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def to_floats(pixels: np.ndarray | Tensor, device: torch.device) -> Tensor:
    """float (N, 3, S, S) in [0, 1] on `device`, of uint8 (N, S, S, 3); bytes go there."""
    return to_device(torch.as_tensor(pixels), device).permute(0, 3, 1, 2).float().div_(255)
