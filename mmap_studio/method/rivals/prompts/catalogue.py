"""The methods that train prompts, in the order of tables."""

from mmap_studio.method.rivals.prompts.class_tokens import Lamm
from mmap_studio.method.rivals.prompts.coupled import MaPLe
from mmap_studio.method.rivals.prompts.free import CoOp, IndependentPrompts, VptDeep, VptShallow
from mmap_studio.method.rivals.prompts.low_rank import LowRank
from mmap_studio.method.rivals.prompts.prompt_method import PromptMethod
from mmap_studio.method.rivals.prompts.self_regulated import SelfRegulated
from mmap_studio.method.rivals.prompts.task_context import SoftContexts
from mmap_studio.method.rivals.prompts.tree import PromptTree

METHODS: tuple[PromptMethod, ...] = (
    CoOp(),
    VptShallow(),
    VptDeep(),
    IndependentPrompts(),
    SelfRegulated(),
    MaPLe(),
    LowRank(),
    SoftContexts(),
    Lamm(),
    PromptTree(),
)
