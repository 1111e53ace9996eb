"""Rows as the table takes them: what all seeds of a row share is put together once."""

from mmap_studio.session.results.outcomes import outcomes
from mmap_studio.session.results.results import ResultRow
from tests.session.results.test_results import result

SEEDS = tuple(range(20))


class CountingRow(ResultRow):
    """Says how often its seeds were asked for."""

    asked = 0

    @property
    def seeds(self):
        CountingRow.asked += 1
        return super().seeds


def test_a_row_of_many_seeds_is_one_outcome_a_seed_put_together_once():
    """A run of another seed made every redraw of the window slower by all that there were before, squared."""
    row = CountingRow("key", tuple(result(seed=seed) for seed in SEEDS), "")
    found = outcomes(row, {})
    assert CountingRow.asked == 1
    assert [one.run for one in found] == [str(seed) for seed in SEEDS]
    assert {one.seeds for one in found} == {", ".join(map(str, SEEDS))}
    assert {one.title for one in found} == {"art + ink | real"}
    assert all(f"Seeds: {one.seeds}" in one.tip for one in found)
