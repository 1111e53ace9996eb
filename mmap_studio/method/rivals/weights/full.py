"""Full fine-tuning of both towers, and WiSE-FT, which goes half the way back to the frozen weights."""

from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.rivals.method import Values
from mmap_studio.method.rivals.weights.weight_method import Change, ReplacedWeights, WeightMethod


class FullFineTuning(WeightMethod):
    """Every weight, the scale of the logits too."""

    name = "finetune"
    title = "Full fine-tuning"
    source = "Cross-entropy form of FLYP, Goyal et al. 2023, arXiv 2212.00638; AdamW 1e-5, decay 0.1"
    candidates: tuple[Values, ...] = ({"learning_rate": 1e-5}, {"learning_rate": 1e-4})
    weight_decay = 0.1

    def change(self, clip: FrozenClip, seed: int) -> Change:
        return ReplacedWeights(clip, [name for name, _ in clip.model.named_parameters()])


class HalfWay(FullFineTuning):
    """The same training; weights are the mean of the frozen and the trained ones."""

    name = "wise_ft"
    title = "WiSE-FT"
    source = "Wortsman et al. 2022, arXiv 2109.01903: interpolation at 0.5, of full fine-tuning of both towers"
    trained_as = FullFineTuning.name
    share = 0.5
