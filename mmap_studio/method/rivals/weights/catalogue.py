"""The methods that change CLIP's weights, in the order of tables."""

from mmap_studio.method.rivals.method import Method
from mmap_studio.method.rivals.weights.full import FullFineTuning, HalfWay
from mmap_studio.method.rivals.weights.interpolated import Interpolated
from mmap_studio.method.rivals.weights.low_rank_update import ClipLora
from mmap_studio.method.rivals.weights.norms_and_biases import BiasTuning, NormTuning
from mmap_studio.method.rivals.weights.weight_method import WeightMethod

CHANGES: tuple[WeightMethod, ...] = (ClipLora(), NormTuning(), BiasTuning(), FullFineTuning())
METHODS: tuple[Method, ...] = (*CHANGES, HalfWay(), *map(Interpolated, CHANGES))
