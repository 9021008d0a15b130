"""Models of scikit-learn, torch and micrograd give here what they gave; what does not fit is refused."""

from __future__ import annotations

from typing import Any

import pytest

import nn
from tests.processes import printed

np = pytest.importorskip("numpy")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))


def outputs(model: Any) -> Any:
    return np.array(
        [np.array([a.data for a in out]) if isinstance(out, list) else out.data for out in map(model, X.tolist())]
    )


@pytest.fixture
def sklearn() -> Any:
    pytest.importorskip("sklearn")
    from sklearn import linear_model, neural_network

    class Both:
        def __getattr__(self, name: str) -> Any:
            return getattr(linear_model, name, None) or getattr(neural_network, name)

    return Both()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_classifier_gives_its_probabilities(sklearn: Any, activation: str, classes: int) -> None:
    Y = (X.sum(1) * 1.3).round().astype(int) % classes
    theirs = sklearn.MLPClassifier([6, 4], activation=activation, max_iter=30, random_state=0).fit(X, Y)
    want = theirs.predict_proba(X)
    got = outputs(nn.from_sklearn(theirs))
    assert np.abs(got - (want[:, 1] if classes == 2 else want)).max() <= 1e-15


@pytest.mark.filterwarnings("ignore")
def test_regressors_give_their_predictions(sklearn: Any) -> None:
    Y = np.sin(X).sum(1)
    for theirs in (
        sklearn.MLPRegressor(hidden_layer_sizes=[5], max_iter=30, random_state=0),
        sklearn.LinearRegression(),
        sklearn.Ridge(),
    ):
        theirs.fit(X, Y)
        assert np.abs(outputs(nn.from_sklearn(theirs)) - theirs.predict(X)).max() <= 1e-15


def test_logistic_regression_of_two_and_of_three_classes(sklearn: Any) -> None:
    for classes in (2, 3):
        theirs = sklearn.LogisticRegression().fit(X, X.sum(1).round().astype(int) % classes)
        want = theirs.predict_proba(X)
        assert np.abs(outputs(nn.from_sklearn(theirs)) - (want[:, 1] if classes == 2 else want)).max() <= 1e-15


@pytest.mark.filterwarnings("ignore")
def test_what_is_no_network_or_not_fitted_is_refused_by_name(sklearn: Any) -> None:
    from sklearn.tree import DecisionTreeClassifier

    with pytest.raises(TypeError, match="DecisionTreeClassifier is not a model of layers"):
        nn.from_sklearn(DecisionTreeClassifier())
    with pytest.raises(ValueError, match="this MLPClassifier is not fitted"):
        nn.from_sklearn(sklearn.MLPClassifier())
    with pytest.raises(ValueError, match="this Ridge is not fitted"):
        nn.from_sklearn(sklearn.Ridge())
    strange = sklearn.MLPRegressor(hidden_layer_sizes=[2], max_iter=9).fit(X, X[:, 0])
    strange.activation = "sine"
    with pytest.raises(TypeError, match="MLPRegressor has the activation 'sine'; what fits are relu, tanh"):
        nn.from_sklearn(strange)


def test_torch_layers_give_their_outputs() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    t = torch.nn
    several = [
        t.Sequential(t.Linear(3, 8), t.ReLU(), t.Linear(8, 2)),
        t.Sequential(
            t.Linear(3, 8), t.Tanh(), t.Linear(8, 4, bias=False), t.Sigmoid(), t.Linear(4, 3), t.Softmax(dim=-1)
        ),
        t.Sequential(t.Linear(3, 5), t.SiLU(), t.Linear(5, 5), t.GELU(), t.Linear(5, 5), t.ELU(), t.Linear(5, 1)),
        t.Sequential(t.Linear(3, 5), t.LeakyReLU(), t.Dropout(0.5)).eval(),
    ]
    for theirs in several[:3]:
        want = theirs.double()(torch.tensor(X)).detach().numpy()
        got = outputs(nn.from_torch(theirs))
        assert np.abs(got.reshape(want.shape) - want).max() <= 1e-15


def test_what_torch_has_and_this_library_has_not_is_refused_by_name() -> None:
    t = pytest.importorskip("torch").nn
    for bad, said in (
        (t.Sequential(t.Linear(3, 4), t.BatchNorm1d(4)), r"module 1, BatchNorm1d"),
        (t.Sequential(t.ReLU(), t.Linear(3, 4)), r"module 0, ReLU"),
        (t.Sequential(t.Linear(3, 4), t.LeakyReLU(0.2)), r"module 1, LeakyReLU"),
        (t.Sequential(t.Linear(3, 4), t.Softplus()), r"module 1, Softplus"),
        (t.Sequential(t.Linear(3, 4), t.Dropout()), r"module 1, Dropout"),
        (t.Linear(3, 4), "expected a torch.nn.Sequential, got Linear"),
        (t.Sequential(), "there is no Linear layer in it"),
        (
            t.Sequential(t.Linear(3, 4), t.Softmax(dim=1), t.Linear(4, 2)),
            "the softmax of layer 1 does not fit",
        ),
    ):
        with pytest.raises(TypeError, match=said):
            nn.from_torch(bad)
    with pytest.raises(ValueError, match="layer 1 has 4 outputs, layer 2 5 inputs"):
        nn.from_torch(t.Sequential(t.Linear(3, 4), t.Linear(5, 2)))


def test_nothing_is_imported_for_it() -> None:
    program = "import nn, sys; nn.from_sklearn, nn.from_torch; print({'sklearn', 'torch', 'numpy'} & set(sys.modules))"
    assert printed(program) == "set()\n"


def test_a_micrograd_model_hands_over_its_numbers_by_parameters() -> None:
    theirs = pytest.importorskip("micrograd.nn").MLP(3, [4, 4, 1])
    model = nn.MLP(3, [4, 4, 1])
    for mine, p in zip(model.parameters(), theirs.parameters()):
        mine.data = p.data
    want = [theirs(x).data for x in X[:20].tolist()]
    assert np.abs(outputs(model)[:20] - want).max() <= 1e-14
