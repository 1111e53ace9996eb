"""The linear probe: against scikit-learn itself, as a method and as the control of a run."""

import numpy as np
import pytest

from tests.lazy import imported_later

with imported_later():
    from sklearn.linear_model import LogisticRegression

    from mmap_studio.method.rivals.features import linear_probe as module
    from mmap_studio.method.rivals.features.linear_probe import DEFAULT_STRENGTH, LinearProbe, fitted, linear_probe
    from tests.method.rivals.features.problems import learned, logits, problem


def sets(problem):
    return problem.features.numpy(), problem.labels.numpy()


@pytest.mark.parametrize("classes", [2, 4])
def test_probabilities_are_those_of_scikit_learn(classes):
    one = problem(classes=classes)
    found, _ = learned(LinearProbe(), one)
    expected = LogisticRegression(C=DEFAULT_STRENGTH, max_iter=2000).fit(*sets(one)).predict_proba(one.features)
    assert np.allclose(logits(LinearProbe(), found, one).softmax(1), expected, atol=0.01)


def test_the_control_fits_as_scikit_learn_does_and_takes_the_best_on_validation():
    train, val, test = (sets(problem(40, seed=seed)) for seed in (1, 2, 3))
    probe = linear_probe(train, val, test, 4)
    models = {c: LogisticRegression(C=c, max_iter=2000).fit(*train) for c in module.STRENGTHS}
    best = max(models, key=lambda c: (models[c].score(*val), -c))
    assert (probe.strength, probe.parameters) == (best, 4 * 9)
    assert np.array_equal(probe.scores.predictions, models[best].predict(test[0]))
    assert np.allclose(probe.scores.confidence, models[best].predict_proba(test[0]).max(1), atol=1e-5)


def test_without_validation_the_control_has_the_published_strength():
    train, test = (sets(problem(40, seed=seed)) for seed in (1, 2))
    probe = linear_probe(train, (train[0][:0], train[1][:0]), test, 4)
    assert probe.strength == DEFAULT_STRENGTH
    assert probe.scores.accuracy > 0.9


def test_a_class_without_training_images_gets_no_probability():
    features, labels = sets(problem())
    keep = labels != 2
    probe = linear_probe((features[keep], labels[keep]), (features[:0], labels[:0]), (features, labels), classes=4)
    assert probe.scores.confusion[:, 2].sum() == 0
    alone = labels == 1
    probe = linear_probe((features[alone], labels[alone]), (features[:0], labels[:0]), (features, labels), classes=4)
    assert (probe.scores.predictions == 1).all()


def test_reports_come_within_a_fit(monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 3)
    found, reports = learned(LinearProbe(), problem())
    assert len(reports) > 2
    assert found.steps > 6
    assert reports[0].loss == pytest.approx(np.log(4))
    assert reports[-1].loss < reports[0].loss


def test_iterations_have_an_end(monkeypatch):
    monkeypatch.setattr(module, "ITERATIONS", 7)
    assert [done for done, _ in fitted(sets(problem()), 4, 1e4, 3)] == [3, 6]
