"""Optuna's part in a sweep: which settings come next, and which trials need no further seed.

Both follow from the trials so far and nothing else: a study is made anew from them each time, so a sweep that was
stopped goes on as if it had not been. Optuna's own storages are not used: they write files of their own, past the one
writer of the studio.
"""

import importlib.util
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.session.sweep.space import Parameter, Space, Value
from mmap_studio.session.sweep.trial import AS_THEY_ARE, SweepTrial

if TYPE_CHECKING:
    import optuna

ASKED, DRAWN = 20, 5000
"""Proposals that are heard for settings that were not tried yet; settings that are drawn by chance after them, at most:
a narrow range holds few numbers of three digits."""
STARTUP = 5
"""Trials with all seeds before any is ended early."""


def check_optuna() -> None:
    """InputError where the package that chooses settings is not installed."""
    if importlib.util.find_spec("optuna") is None:
        raise InputError("A sweep needs the package optuna, which is not installed; install mmap-studio[sweep].")


def next_changes(space: Space, trials: Sequence[SweepTrial], enough: int, seed: int) -> dict[str, Value] | None:
    """The settings of the next trial; None where every combination was tried, or none other was found.

    enough : trials that are wanted; where there are no more combinations each is tried once, in an order of chance
    seed : of the proposals
    """
    tried = [_key(space, one) for one in trials if one.number != AS_THEY_ARE]
    if space.count is not None and space.count <= enough:
        left = [one for one in space.combinations() if tuple(one.values()) not in tried]
        return left[np.random.default_rng((seed, len(tried))).integers(len(left))] if left else None
    if space.count is not None and len(set(tried)) >= space.count:
        return None
    for found in _proposed(space, trials, seed + 1000 * len(tried)):
        if tuple(found.values()) not in tried:
            return found
    return None


def hopeless(space: Space, trials: Sequence[SweepTrial], changes: dict[str, Value], values: Sequence[float]) -> bool:
    """Whether a trial with these values of its first seeds is behind the median of the others with as many (Optuna's
    median rule). Sound, since all have the same seeds, images and whole trainings; epochs of one training are not
    compared: along a schedule that decays, a high learning rate looks worse than it ends."""
    import optuna

    study = _study(space, trials, optuna.samplers.RandomSampler(seed=0))
    trial = study.ask()
    for step, value in enumerate(_running(values), start=1):
        trial.report(value, step)
    return trial.should_prune()


def _proposed(space: Space, trials: Sequence[SweepTrial], seed: int) -> Iterator[dict[str, Value]]:
    """What follows from the trials, then what chance says, until there is no point in going on."""
    from optuna.samplers import RandomSampler, TPESampler

    numbers = _distributions(space)
    for attempt in range(ASKED):
        study = _study(space, trials, TPESampler(seed=(seed + attempt) % 2**32))
        yield space.rounded(study.ask(numbers).params)
    study = _study(space, (), RandomSampler(seed=(seed + ASKED) % 2**32))
    for _ in range(DRAWN):
        yield space.rounded(study.ask(numbers).params)


def _study(space: Space, trials: Sequence[SweepTrial], sampler: "optuna.samplers.BaseSampler") -> "optuna.Study":
    """A study with these trials, in memory."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)  # what happens is said by the sweep itself
    pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    states = optuna.trial.TrialState
    kinds = {"done": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}
    distributions = _distributions(space)
    for one in trials:
        if one.changes.keys() != distributions.keys():
            continue  # the settings as they are
        study.add_trial(
            optuna.trial.create_trial(
                state=kinds[one.state],
                params=one.changes,
                distributions=distributions,
                value=one.mean if one.state != "failed" else None,
                intermediate_values=dict(enumerate(_running(one.values), start=1)),
            )
        )
    return study


def _distributions(space: Space) -> dict[str, Any]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    def of(one: Parameter) -> Any:
        if one.values:
            return CategoricalDistribution(one.values)
        if one.whole:
            return IntDistribution(int(one.low), int(one.high), log=one.log)
        return FloatDistribution(one.low, one.high, log=one.log)

    return {one.name: of(one) for one in space.parameters}


def _running(values: Sequence[float]) -> list[float]:
    """The mean of the first, of the first two, and so on."""
    return (np.cumsum(values) / np.arange(1, len(values) + 1)).tolist() if len(values) else []


def _key(space: Space, trial: SweepTrial) -> tuple[Value, ...]:
    return tuple(trial.changes.get(one.name) for one in space.parameters)
