"""Curves of a training in bounded memory."""

import numpy as np
import pytest

from mmap_studio.session.run.loss_curves import thinned


@pytest.mark.parametrize(("n", "limit", "expected"), [(3, 5, 3), (10, 10, 10), (10, 6, 6), (1000, 301, 251), (4, 2, 2)])
def test_thinning_keeps_within_the_limit_the_mean_and_the_last_point(n, limit, expected):
    x = np.arange(n, dtype=float)
    thin_x, thin_y = thinned(x, 2 * x, limit)
    assert len(thin_x) == expected <= limit
    np.testing.assert_allclose(thin_y, 2 * thin_x)
    assert thin_x[-1] == n - 1
