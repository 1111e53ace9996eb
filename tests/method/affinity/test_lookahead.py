"""The look-ahead on quadratics, where the matrix is known on paper, and what it must leave alone.

L_j(theta) = |theta - c_j|^2 / 2 + e, so g_i = theta - c_i, and after a step on i
L_j = |theta - eta g_i - c_j|^2 / 2 + e = L_j - eta (g_i . g_j) + eta^2 |g_i|^2 / 2.
"""

import copy

import numpy as np
import pytest

from mmap_studio.errors import InputError
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.affinity.lookahead import lookahead_affinity


TASKS = 3
ETA = 0.5
THETA = {"a": [1.0], "b": [[2.0]]}  # theta = (1, 2)
CENTRES = [[0.0, 0.0], [1.0, 0.0], [1.0, 3.0]]  # g = (1, 2), (0, 2), (0, -1)
EXTRA = 0.5  # L = 2.5 + .5, 2 + .5, .5 + .5 = 3, 2.5, 1


def quadratic(centres=CENTRES, extra=EXTRA, calls=None):
    def losses(sets, pairs):
        if calls is not None:
            calls.append((len(sets), list(pairs)))
        theta = torch.stack([torch.cat([one["a"], one["b"].flatten()]) for one in sets])
        source, task = map(list, zip(*pairs, strict=True))
        return ((theta[source] - torch.as_tensor(centres, dtype=theta.dtype)[task]) ** 2).sum(1) / 2 + extra

    return losses


def fresh(dtype="float32"):
    dtype = getattr(torch, dtype)
    return {name: torch.nn.Parameter(torch.tensor(value, dtype=dtype)) for name, value in THETA.items()}


# eta (g_i . g_j) = .5 [[5, 4, -2], [4, 4, -2], [-2, -2, 1]]; eta^2 |g_i|^2 / 2 = .125 (5, 4, 1)
FIRST_ORDER = np.array([[2.5, 2.0, -1.0], [2.0, 2.0, -1.0], [-1.0, -1.0, 0.5]]) / [3, 2.5, 1]
EXACT = np.array([[1.875, 1.375, -1.625], [1.5, 1.5, -1.5], [-1.125, -1.125, 0.375]]) / [3, 2.5, 1]


@pytest.mark.parametrize(("order", "matrix"), [("exact", EXACT), ("first_order", FIRST_ORDER)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_the_matrix_known_on_paper(order, matrix, dtype):
    look = lookahead_affinity(quadratic(), fresh(dtype), ETA, TASKS, order)
    np.testing.assert_allclose(look.matrix, matrix, rtol=1e-6)
    assert look.matrix.dtype == look.losses.dtype == np.float64
    assert look.losses.tolist() == [3.0, 2.5, 1.0]


def test_first_order_is_the_limit_of_a_small_step():
    small = 1e-4
    exact, first = (
        lookahead_affinity(quadratic(), fresh("float64"), small, TASKS, o) for o in ("exact", "first_order")
    )
    np.testing.assert_allclose(exact.matrix, first.matrix, rtol=1e-3)
    assert not np.array_equal(exact.matrix, first.matrix)


def test_one_backward_of_the_sum_gives_every_gradient_apart():
    seen = []

    def losses(sets, pairs):
        if torch.is_grad_enabled():
            for one in sets:
                one["a"].register_hook(lambda g: seen.append(g.clone()))
        return quadratic()(sets, pairs)

    lookahead_affinity(losses, fresh(), ETA, TASKS)
    apart = []
    for task in range(TASKS):
        theta = fresh()
        quadratic()([theta], [(0, task)]).sum().backward()
        apart.append(theta["a"].grad.item())
    assert sorted(g.item() for g in seen) == sorted(apart) == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("order", ["exact", "first_order"])
def test_nothing_of_the_training_is_touched(order):
    parameters = fresh()
    stepper = torch.optim.SGD(parameters.values(), lr=0.1, momentum=0.9)
    quadratic()([parameters], [(0, 1)]).sum().backward()
    stepper.step()
    known = copy.deepcopy(stepper.state_dict())
    values = [p.detach().clone() for p in parameters.values()]
    gradients = [p.grad.clone() for p in parameters.values()]
    versions = [p._version for p in parameters.values()]
    bystander = torch.nn.Parameter(torch.ones(()))  # what the losses read beside the parameters

    lookahead_affinity(lambda s, p: bystander * quadratic()(s, p), parameters, ETA, TASKS, order)

    assert [p._version for p in parameters.values()] == versions
    assert all(torch.equal(p, v) for p, v in zip(parameters.values(), values, strict=True))
    assert all(torch.equal(p.grad, g) for p, g in zip(parameters.values(), gradients, strict=True))
    after = stepper.state_dict()
    assert after["param_groups"] == known["param_groups"]
    for index, state in known["state"].items():
        assert torch.equal(after["state"][index]["momentum_buffer"], state["momentum_buffer"])
    assert bystander.grad is None


def test_parameters_without_a_gradient_stay_without():
    parameters = fresh()
    with torch.no_grad():  # the caller's mode does not matter either
        look = lookahead_affinity(quadratic(), parameters, ETA, TASKS)
    assert all(p.grad is None and p.requires_grad for p in parameters.values())
    np.testing.assert_allclose(look.matrix, EXACT, rtol=1e-6)


@pytest.mark.parametrize(("chunk", "sets"), [(None, [3, 3]), (1, [3, 1, 1, 1]), (2, [3, 2, 1]), (9, [3, 3])])
def test_chunks_change_nothing_but_the_calls(chunk, sets):
    calls = []
    look = lookahead_affinity(quadratic(calls=calls), fresh(), ETA, TASKS, chunk=chunk)
    assert np.array_equal(look.matrix, lookahead_affinity(quadratic(), fresh(), ETA, TASKS).matrix)
    assert [count for count, _ in calls] == sets
    assert calls[0][1] == [(0, 0), (1, 1), (2, 2)]
    assert calls[-1][1] == [(s, t) for s in range(sets[-1]) for t in range(TASKS)]


def test_first_order_costs_the_gradients_alone():
    calls = []
    lookahead_affinity(quadratic(calls=calls), fresh(), ETA, TASKS, "first_order")
    assert len(calls) == 1


def test_a_parameter_the_losses_do_not_read_has_no_say():
    parameters = fresh() | {"unused": torch.nn.Parameter(torch.ones(4))}
    np.testing.assert_allclose(lookahead_affinity(quadratic(), parameters, ETA, TASKS).matrix, EXACT, rtol=1e-6)


@pytest.mark.parametrize("order", ["exact", "first_order"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_spoils_its_own_row_and_column_only(order, value):
    spoil = torch.tensor([1.0, value, 1.0])

    def losses(sets, pairs):
        return quadratic()(sets, pairs) * spoil[[task for _, task in pairs]]

    matrix = lookahead_affinity(losses, fresh(), ETA, TASKS, order).matrix
    assert np.isnan(matrix[1]).all()
    assert np.isnan(matrix[:, 1]).all()
    whole = EXACT if order == "exact" else FIRST_ORDER
    np.testing.assert_allclose(matrix[np.ix_([0, 2], [0, 2])], whole[np.ix_([0, 2], [0, 2])], rtol=1e-6)


@pytest.mark.parametrize("extra", [1e-7, -1.0])
def test_a_loss_too_small_to_compare_with_gives_no_number(extra):
    at_theta = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    assert np.isnan(lookahead_affinity(quadratic(at_theta, extra), fresh(), ETA, 2).matrix[:, 1]).all()


def test_half_precision_is_measured_in_float32():
    small = 1e-3  # 1 - 1e-3 is 1 in bfloat16
    half, double = (lookahead_affinity(quadratic(), fresh(d), small, TASKS) for d in ("bfloat16", "float64"))
    np.testing.assert_allclose(half.matrix, double.matrix, rtol=1e-3)


@pytest.mark.parametrize("order", ["exact", "first_order"])
def test_a_loss_of_nothing_has_no_relative_change(order):
    at_theta = torch.tensor([[0.0, 0.0], [1.0, 2.0]])  # the second task is solved
    matrix = lookahead_affinity(quadratic(at_theta, extra=0.0), fresh(), ETA, 2, order).matrix
    assert np.isnan(matrix[:, 1]).all()
    assert matrix[0, 0] == pytest.approx(0.75 if order == "exact" else 1.0)  # L falls from 2.5 to 2.5 / 4
    assert matrix[1, 0] == 0.0  # a task without a gradient changes nobody


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parameters": {}}, "at least one tensor"),
        ({"step_size": 0.0}, "positive number. Got 0.0"),
        ({"step_size": float("nan")}, "positive number. Got nan"),
        ({"tasks": 0}, "at least 1. Got 0"),
        ({"order": "second"}, "exact or first_order. Got 'second'"),
        ({"chunk": 0}, "None for all tasks at once. Got 0"),
        ({"losses": lambda s, p: torch.zeros(2, 2)}, r"one number a pair, \(3,\). Got \(2, 2\)"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    good = {"losses": quadratic(), "parameters": fresh(), "step_size": ETA, "tasks": TASKS}
    with pytest.raises(InputError, match=message):
        lookahead_affinity(**(good | change))
