"""The Kronecker product that makes a tower's prompt from the source prompt.

MmAP (arXiv 2312.08636): P_l = K_l ⊗ P_s and P_v = K_v ⊗ P_s, one source prompt for both modalities.
"""

import torch
from torch import Tensor


def kronecker_prompt(factor: Tensor, source: Tensor) -> Tensor:
    """K ⊗ P over the last two axes, any equal leading axes.

    factor : (..., p, q)   source : (..., m, n)   returns (..., p m, q n) with
    ``out[i m + a, j n + c] = factor[i, j] * source[a, c]``.
    """
    product = torch.einsum("...pq,...mn->...pmqn", factor, source)
    *leading, p, m, q, n = product.shape
    return product.reshape(*leading, p * m, q * n)  # (..., p m, q n)
