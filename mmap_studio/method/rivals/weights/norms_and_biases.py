"""Tuning of the layer norms, or of all biases, of both towers."""

from torch import nn

from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.rivals.method import Values
from mmap_studio.method.rivals.weights.weight_method import Change, ReplacedWeights, WeightMethod


class NormTuning(WeightMethod):
    """Scale and shift of every layer norm; the code of 2SFS leaves out the first and the last by mistake."""

    name = "norm_tuning"
    title = "LayerNorm tuning"
    source = "First stage of 2SFS, Farina et al. 2025; FarinaMatteo/rethinking_fewshot_vlms: AdamW 2e-4, decay 0.01"
    candidates: tuple[Values, ...] = ({"learning_rate": 2e-4}, {"learning_rate": 2e-3})

    def change(self, clip: FrozenClip, seed: int) -> Change:
        norms = [name for name, one in clip.model.named_modules() if isinstance(one, nn.LayerNorm)]
        own = {f"{norm}.{part}" for norm in norms for part in ("weight", "bias")}
        return ReplacedWeights(clip, [name for name, _ in clip.model.named_parameters() if name in own])


class BiasTuning(WeightMethod):
    """Every bias, those of the layer norms too."""

    name = "bias_tuning"
    title = "Bias tuning"
    source = "BitFit, Zaken et al. 2022, arXiv 2106.10199; rates as LayerNorm tuning"
    candidates: tuple[Values, ...] = ({"learning_rate": 2e-4}, {"learning_rate": 2e-3})

    def change(self, clip: FrozenClip, seed: int) -> Change:
        names = [name for name, _ in clip.model.named_parameters()]
        return ReplacedWeights(clip, [name for name in names if name.rsplit(".", 1)[-1].endswith("bias")])
