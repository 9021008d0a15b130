"""Mean and gradient over shards: the same bits whoever computes them, and a lost worker changes nothing."""

from __future__ import annotations

import copy
import math
import os
import pickle
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import nn
from autograd import compile
from nn.shards import Cost

np = pytest.importorskip("numpy")


def read(path: str) -> tuple[Any, Any]:
    data = np.load(path)
    return data["X"], data["Y"]


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(0)
    for k, n in enumerate([300, 500, 17, 1, 400, 250]):
        np.savez(tmp_path / f"{k}.npz", X=rng.normal(size=(n, 2)), Y=np.sign(rng.normal(size=n)))
    return [str(tmp_path / f"{k}.npz") for k in range(6)]


def cost() -> Any:
    return compile(Cost(nn.MLP(2, [8, 1], activation="tanh", seed=0), nn.hinge))


def bits(result: tuple[float, Any]) -> tuple[str, bytes]:
    return float(result[0]).hex(), np.asarray(result[1]).tobytes()


def test_over_shards_is_the_mean_over_all_examples(paths: list[str]) -> None:
    f = cost()
    mean, gradient = f.over(paths, read)
    X, Y = (np.concatenate(parts) for parts in zip(*map(read, paths)))
    want, slopes = f.value_and_grad(X, Y)
    assert abs(mean - want) <= 1e-14 * abs(want)
    assert np.abs(gradient - slopes).max() <= 1e-14


def test_the_bits_do_not_depend_on_who_maps(paths: list[str]) -> None:
    f = cost()
    found = {bits(f.over(paths, read))}
    for workers in (1, 3):
        with ThreadPoolExecutor(workers) as threads:
            found.add(bits(f.over(paths, read, map=threads.map)))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        found.add(bits(f.over(paths, read, map=processes.map)))
    assert len(found) == 1


@pytest.mark.parametrize("what", ["the function", "load="])
def test_what_cannot_be_sent_to_another_process_is_named(paths: list[str], what: str) -> None:
    model = nn.MLP(2, [1], seed=0)
    f, load = (cost(), lambda path: read(path)) if what == "load=" else (compile(lambda x, y: model(x) * y), read)
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes,
        pytest.raises(TypeError, match=rf"over: {what} cannot be sent to another process, .*lambda.* top level"),
    ):
        f.over(paths, load, map=processes.map)


def test_an_error_of_the_load_itself_is_passed_on(paths: list[str]) -> None:
    with pytest.raises(TypeError, match="NoneType"):
        cost().over(paths, lambda path: len(None))


@pytest.mark.parametrize("copied", [copy.deepcopy, pickle.dumps])
def test_a_compiled_function_is_not_copied_and_says_what_to_do(copied: Any) -> None:
    with pytest.raises(TypeError, match=r"compile\(Cost\) cannot be copied or pickled, .* over\(shards, load"):
        copied(cost())


def test_parameters_are_read_at_each_call(paths: list[str]) -> None:
    f = cost()
    first, _ = f.over(paths, read)
    f.parameters[0].data += 1.0
    second, _ = f.over(paths, read)
    assert first != second


def test_fit_on_shards_learns_what_fit_on_all_examples_learns(paths: list[str]) -> None:
    X, Y = (np.concatenate(parts) for parts in zip(*map(read, paths)))
    weights = []
    for data in ((nn.Shards(paths, read),), (X, Y)):
        model = nn.MLP(2, [8, 1], activation="tanh", seed=0)
        nn.fit(
            model, *data, loss=nn.hinge, optimizer=nn.SGD(model.parameters(), 0.1), epochs=5, l2=1e-3, progress=False
        )
        weights.append([p.data for p in model.parameters()])
    assert np.allclose(*weights, rtol=0, atol=1e-13)


def test_a_run_on_shards_shows_its_progress_and_stops_where_it_diverges(paths: list[str], capsys: Any) -> None:
    model = nn.MLP(2, [1], seed=0)
    history = nn.fit(model, nn.Shards(paths, read), loss=nn.hinge, epochs=2)
    assert "2/2" in capsys.readouterr().err and history.compiled
    model.parameters()[0].data = math.inf
    with pytest.raises(FloatingPointError, match="not finite in epoch 1; fit on one shard alone names the node"):
        nn.fit(model, nn.Shards(paths, read), loss=nn.mse, epochs=2, progress=False)


def test_what_does_not_go_with_shards_is_refused(paths: list[str]) -> None:
    model = nn.MLP(2, [1])
    with pytest.raises(ValueError, match="Shards: there are none"):
        nn.Shards([], read)
    with pytest.raises(ValueError, match="batch_size= does not go with Shards"):
        nn.fit(model, nn.Shards(paths, read), batch_size=8, progress=False)
    with pytest.raises(ValueError, match="no shards"):
        cost().over([], read)
    with pytest.raises(TypeError, match="load gives the arguments of Cost as a tuple"):
        cost().over([1], lambda shard: 1.0)
    with ThreadPoolExecutor(1) as threads, pytest.raises(TypeError, match="map= is a function, such as"):
        cost().over(paths, read, map=threads)  # type: ignore[arg-type]


def read_slowly(path: str) -> tuple[Any, Any]:
    time.sleep(0.5)
    return read(path)


@pytest.mark.dist
def test_a_worker_of_dask_killed_midway_changes_no_bit(paths: list[str]) -> None:
    distributed = pytest.importorskip("distributed")
    f = cost()
    want = bits(f.over(paths, read))
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = list(client.run(os.getpid).values())
        killer = threading.Timer(1.0, os.kill, (pids[0], 9))
        killer.start()
        got = bits(f.over(paths, read_slowly, map=client.map))
        assert set(client.run(os.getpid).values()) != set(pids)
    assert got == want
