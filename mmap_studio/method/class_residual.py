"""Class residual: what is added to the features of class texts beside what prompts do to them.

    t_c -> (t_c + s (A B)_c) / |...|,    A (C, r) = 0 at the start, B (r, d) random of length about 1 a row

Prompts move all classes together, a residual moves each on its own; of low rank it costs r (C + d) numbers, and classes
share the directions in which they move. After TaskRes (Yu et al. 2023, arXiv 2211.10277), whose residual is of full
rank and learned on frozen features, and LoRA (Hu et al. 2021, arXiv 2106.09685) for the two factors and their start.
A text that had no part in the training has no residual.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

SCALE = 0.01
"""s: how far classes move, since AdamW moves a number by about the learning rate a step, whatever its gradient."""


@dataclass(frozen=True)
class ClassResidual:
    """Residuals of the features of some class texts, for P prompts at once."""

    texts: tuple[str, ...]
    """U sentences, as the text tower reads them."""
    values: Tensor
    """(P, U, d)"""

    def __getitem__(self, rows: list[int] | slice) -> "ClassResidual":
        return ClassResidual(self.texts, self.values[rows])

    @staticmethod
    def stack(some: Sequence["ClassResidual"]) -> "ClassResidual":
        """One with the rows of all, in order; a prompt leaves texts as they are that are another's alone."""
        texts = tuple(dict.fromkeys(text for one in some for text in one.texts))
        return ClassResidual(texts, torch.cat([one._spread(texts) for one in some]))

    def corrected(self, row: int, texts: Sequence[str], features: Tensor) -> Tensor:
        """Unit features (C, d) of the texts under prompt `row`, given those without the residual."""
        return F.normalize(features + self._spread(texts, row), dim=-1)

    def _spread(self, texts: Sequence[str], row: int | None = None) -> Tensor:
        """The values of these texts, (P, C, d) or (C, d) of one row; 0 for those it does not know."""
        values = self.values if row is None else self.values[row]
        if tuple(texts) == self.texts:
            return values
        index = {text: number for number, text in enumerate(self.texts)}
        rows = torch.tensor([index.get(text, len(self.texts)) for text in texts], device=values.device)
        return F.pad(values, (0, 0, 0, 1)).index_select(-2, rows)
