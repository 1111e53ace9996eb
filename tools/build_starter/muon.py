"""Muon: momentum whose update is made orthogonal (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon).

torch.optim.Muon does its Newton-Schulz iteration in bfloat16, one matrix at a time; on a CPU without bfloat16
hardware that costs ten times as much. This one works in float32 on stacks of matrices of one shape.
"""

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic of the post
ITERATIONS = 5


def orthogonalise(stack: Tensor) -> Tensor:
    """The nearest semi-orthogonal matrices, roughly: (k, a, b) -> (k, a, b), singular values in about [0.7, 1.2]."""
    a, b, c = COEFFICIENTS
    tall = stack.shape[1] > stack.shape[2]
    x = stack.mT if tall else stack  # (k, short, long)
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.mT  # (k, short, short)
        x = a * x + torch.baddbmm(b * gram, gram, gram, alpha=c) @ x
    return x.mT if tall else x


class Muon:
    """Nesterov momentum, orthogonalised, of the size an AdamW update would have (0.2 sqrt(larger side))."""

    def __init__(self, matrices: list[Tensor], momentum: float = 0.95, weight_decay: float = 0.05):
        self.momentum, self.weight_decay = momentum, weight_decay
        self.matrices = matrices
        self.buffers = [torch.zeros_like(matrix) for matrix in matrices]
        self.stacks: dict[tuple[int, int], list[int]] = {}  # shape -> which matrices
        for k, matrix in enumerate(matrices):
            self.stacks.setdefault(square_parts(matrix), []).append(k)

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """Update every matrix in place from its .grad."""
        for (rows, columns), members in self.stacks.items():
            updates = []
            for k in members:
                grad, buffer = self.matrices[k].grad, self.buffers[k]
                assert grad is not None, "every matrix must have taken part in the loss"
                buffer.lerp_(grad, 1 - self.momentum)
                updates.append(grad.lerp(buffer, self.momentum).reshape(-1, rows, columns))
            flat = orthogonalise(torch.cat(updates))  # (all parts, rows, columns)
            scale = lr * 0.2 * max(rows, columns) ** 0.5
            position = 0
            for k, update in zip(members, updates, strict=True):
                part = flat[position : position + len(update)].reshape_as(self.matrices[k])
                self.matrices[k].mul_(1 - lr * self.weight_decay).add_(part, alpha=-scale)
                position += len(update)


def square_parts(matrix: Tensor) -> tuple[int, int]:
    """The shape in which a matrix is made orthogonal: query, key and value of a packed projection apart."""
    rows, columns = matrix.shape
    return (columns, columns) if rows == 3 * columns else (rows, columns)
