"""The methods on frozen features, in the order of tables."""

from mmap_studio.method.rivals.features.clip_adapter import ClipAdapter
from mmap_studio.method.rivals.features.feature_method import FeatureMethod
from mmap_studio.method.rivals.features.linear_probe import LinearProbe
from mmap_studio.method.rivals.features.lp_plus_plus import LPPlusPlus
from mmap_studio.method.rivals.features.ridge import Ridge
from mmap_studio.method.rivals.features.task_residual import TaskResidual
from mmap_studio.method.rivals.features.text_head import ClassAdaptiveHead, TextHead
from mmap_studio.method.rivals.features.tip_adapter import TipAdapter, TrainedTipAdapter
from mmap_studio.method.rivals.features.zero_shot import ZeroShot, ZeroShotEnsemble

METHODS: tuple[FeatureMethod, ...] = (
    ZeroShot(),
    ZeroShotEnsemble(),
    LinearProbe(),
    Ridge(),
    TextHead(),
    ClassAdaptiveHead(),
    LPPlusPlus(),
    TaskResidual(),
    TipAdapter(),
    TrainedTipAdapter(),
    ClipAdapter(),
)
