"""Which settings come next, and which trials need no further seed: both follow from the trials so far alone."""

import pytest

from mmap_studio.config import settings_from
from mmap_studio.errors import InputError
from mmap_studio.session.sweep import sampler
from mmap_studio.session.sweep.space import parse_space
from mmap_studio.session.sweep.trial import AS_THEY_ARE, SweepTrial

RATE = parse_space("train.learning_rate=1e-3..1:log", settings_from({}), ("a", "b"))
FEW = parse_space("prompt.depth=1..3,train.flip=true|false", settings_from({}), ("a", "b"))


def trial(number, changes, *values, state="done"):
    return SweepTrial(number=number, changes=changes, state=state, values=list(values))


def searched(space, trials, value, enough=100):
    """The trials of a search whose accuracy is `value` of the settings."""
    found = [trial(AS_THEY_ARE, {}, 0.5)]
    for number in range(1, trials + 1):
        changes = sampler.next_changes(space, found, enough, 1)
        if changes is None:
            break
        found.append(trial(number, changes, value(changes)))
    return found


def test_the_next_settings_follow_from_the_trials_so_far():
    found = searched(RATE, 4, lambda changes: changes["train.learning_rate"])
    again = sampler.next_changes(RATE, found[:3], 100, 1)
    assert again == found[3].changes
    assert len({one.changes["train.learning_rate"] for one in found[1:]}) == 4
    assert all(0.001 <= one.changes["train.learning_rate"] <= 1 for one in found[1:])


def test_a_search_comes_closer_to_what_is_good():
    def closeness(changes):
        import math

        return 1 - abs(math.log10(changes["train.learning_rate"]) + 1) / 3  # best at 0.1

    found = searched(RATE, 30, closeness)[1:]
    first, last = (sum(one.values[0] for one in part) / 10 for part in (found[:10], found[-10:]))
    assert last > first + 0.1


@pytest.mark.parametrize("enough", [6, 100])
def test_where_there_are_few_combinations_each_is_tried_once(enough):
    found = searched(FEW, 20, lambda changes: 0.5, enough)[1:]
    tried = [tuple(one.changes.values()) for one in found]
    assert len(tried) == len(set(tried)) == 6


def test_proposals_that_were_tried_are_not_tried_again():
    found = searched(FEW, 6, lambda changes: 0.5, enough=3)[1:]
    tried = [tuple(one.changes.values()) for one in found]
    assert len(tried) == len(set(tried)) == 6


@pytest.mark.timeout(60)
def test_a_search_ends_where_a_narrow_range_holds_no_other_number_of_three_digits():
    narrow = parse_space("train.learning_rate=0.01..0.0101", settings_from({}), ("a", "b"))
    found = searched(narrow, 4, lambda changes: 0.5)[1:]
    assert {one.changes["train.learning_rate"] for one in found} == {0.01, 0.0101}
    assert len(found) == 2


def test_a_trial_behind_the_median_of_the_others_is_ended_early():
    others = [trial(n, {"train.learning_rate": 0.1 * n}, 0.1 * n + 0.3, 0.1 * n + 0.3) for n in range(1, 6)]
    changes = {"train.learning_rate": 0.7}
    assert sampler.hopeless(RATE, others, changes, [0.59])  # their median is 0.6
    assert not sampler.hopeless(RATE, others, changes, [0.61])
    assert not sampler.hopeless(RATE, others[:-1], changes, [0.1]), "too few to compare with"


def test_trials_that_ended_early_or_failed_are_no_measure():
    some = [trial(n, {"train.learning_rate": 0.1 * n}, 0.9, state="pruned") for n in range(1, 8)]
    some += [trial(n, {"train.learning_rate": 0.1 * n}, state="failed") for n in range(8, 10)]
    assert not sampler.hopeless(RATE, some, {"train.learning_rate": 0.7}, [0.1])


def test_without_optuna_a_sweep_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.setattr(sampler.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        InputError, match=r"needs the package optuna, which is not installed; install mmap-studio\[sweep\]"
    ):
        sampler.check_optuna()
