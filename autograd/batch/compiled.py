"""Record a function once, run it natively over whole batches.

    cost = compile(lambda x, y: squared_error(model(x), y))
    cost(X, Y)                                    one result for each example
    mean, gradient = cost.value_and_grad(X, Y)    of the mean over the batch, in the parameters
    mean = cost.backward(X, Y)                    the same, added to each parameter's .grad

The function is called once, on Values, for each structure of arguments; the graph it leaves becomes a program. Leaves
that it did not get as arguments are its parameters: shared by all examples, and read at each call.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from autograd.batch import arguments
from autograd.batch.arguments import Shape
from autograd.batch.execute import Execution, collector_paused
from autograd.batch.results import recipe, single, speller, stacked
from autograd.batch.shards import over
from autograd.batch.traces import Recording, Trace, as_values, record
from autograd.core import modes
from autograd.core.fast import add_gradients, number_adjoints
from autograd.core.forks import renewed
from autograd.core.primitives import TABLE
from autograd.core.sweeps import topological_order
from autograd.core.value import Value
from autograd.derivatives.structures import is_one_number, leaves
from autograd.native.plans import Watch, install, uninstall, with_entry
from autograd.program.differentiate import parametric, value_and_gradient
from autograd.program.loop import loops_in
from autograd.program.program import Program
from autograd.program.simplify import exact
from autograd.program.surroundings import Surroundings

if TYPE_CHECKING:
    import numpy as np

    from autograd.native.roll import Tape

    Array = np.ndarray[Any, np.dtype[np.float64]]

R = TypeVar("R", covariant=True)  # what the function returns

RUNNERS = ("python", "tape", "source", "jax")
OFTEN = 16  # calls that Python looks around a function for, before machine code is made to


def compile(function: Callable[..., R], runner: str | None = None, devices: Any = None) -> Compiled[R]:
    """`function` of scalars, as a function of batches.

    Arguments are arrays or lists whose leading axis is the batch; the function sees one example, as an array or as
    nested lists of Values. A plain number is the same for every example. `runner` is "python" (nothing to install),
    "tape" (nothing compiled for this function), "source" (compiled for this function) or "jax" (XLA, on the first of
    JAX's devices or on these `devices`, between which the batch is cut); left out, it goes by size.

    Leaves that the function does not get as arguments are its parameters, read at each call. What else it could read
    (its closure, the globals that it names, and the lists, dicts, small arrays and attributes from there, to some 250
    places) is compared at each call, and the function recorded anew where it has changed; a draw of random numbers, a
    file and what lies further stay as they were when it was recorded.

    TypeError where it looks at a number (`.data`, an `if` on a comparison), as another example may have another: choose
    with `where`. ImportError when it is called without numpy and llvmlite, unless the runner is "python".
    """
    if not callable(function):
        raise TypeError(f"compile: expected a function, got {type(function).__name__}")
    if runner is not None and runner not in RUNNERS:
        raise ValueError(f"compile: no runner {runner!r}; there are {', '.join(map(repr, RUNNERS))}, or none is named")
    if devices is not None and runner != "jax":
        raise ValueError('compile: devices are JAX\'s; say runner="jax" too')
    return with_entry(Compiled)(function, runner, devices)


class Compiled(Generic[R]):
    """A compiled function: see `compile`."""

    def __init__(self, function: Callable[..., R], runner: str | None, devices: Any = None) -> None:
        self.function, self.runner, self.devices = function, runner, devices
        self.name = getattr(function, "__name__", type(function).__name__).replace("<lambda>", "function")
        self._traces: dict[tuple[tuple[Shape, ...], tuple[bool, ...]], Trace] = {}
        self._recordings: dict[Any, Recording] = {}
        renewed(self, Compiled._renew)
        self._look_around()
        self._last: Trace | None = None
        elsewhere = with_entry(_Elsewhere)
        self._gradient_entries = {(at, aux): elsewhere() for at in (False, True) for aux in (False, True)}
        self._names = arguments.argument_names(function)
        self.token = os.urandom(16).hex()  # by which a worker knows it again

    @overload
    def __call__(self: Compiled[Value | float], *args: float, at: Any = None) -> float: ...
    @overload
    def __call__(self: Compiled[Value | float], *args: Any, at: Any = None) -> Array: ...
    @overload
    def __call__(self, *args: Any, at: Any = None) -> R: ...
    def __call__(self, *args: Any, at: Any = None) -> Any:
        """The result for each example, as arrays; of plain numbers only, a number (or what structure it returns).

        `at`: an array of numbers for the `parameters`, in their order, in place of those of their Values.
        """
        trace, read = self._trace(args)
        _, each = trace.forward.run(read, trace.numbers(at))
        if at is None:
            layout = None if read.n is None else trace.layout
            make = lambda: recipe(trace.template, layout)
            self._shorten(self, trace, trace.forward, read, Compiled.__call__, False, make)
        if read.n is not None:
            return stacked(trace.layout, each)
        return single(trace.template, [x for (x,) in each] if isinstance(each, list) else each.ravel().tolist())

    @overload
    def value_and_grad(self, *args: Any, at: Any = None, has_aux: Literal[False] = False) -> tuple[float, Array]: ...
    @overload
    def value_and_grad(self, *args: Any, at: Any = None, has_aux: Literal[True]) -> tuple[float, Array, Any]: ...
    def value_and_grad(self, *args: Any, at: Any = None, has_aux: bool = False) -> Any:
        """The mean of the results over the batch, and its gradient in the parameters: one number for each.

        With `has_aux` the function returns a pair: what the gradient is of, and anything else; the result is
        (mean, gradient, the rest for each example), all of one pass. `at` is as in a call.
        """
        entry = self._gradient_entries[at is not None, has_aux]
        found = entry(*args) if at is None else entry(*args, at)
        if found is not None:
            return found
        trace, read = self._trace(args)
        execution = trace.gradient(has_aux)
        whole, each = execution.run(read, trace.numbers(at))
        make = lambda: trace.gradient_recipe(has_aux)
        self._shorten(entry, trace, execution, read, _Elsewhere.__call__, at is not None, make)
        if not has_aux:
            return float(whole[0]), whole[1:]
        return float(whole[0]), whole[1:], stacked(trace.rest, each)

    def backward(self, *args: Any) -> float:
        """Add the gradient of the mean over the batch to each parameter's `.grad`; returns the mean."""
        trace, read = self._trace(args)
        whole, _ = trace.gradient().run(read)
        mean, *slopes = whole if isinstance(whole, list) else whole.tolist()
        add_gradients(trace.parameters, slopes)
        return mean

    def over(
        self, shards: Iterable[Any], load: Callable[[Any], Sequence[Any]], map: Callable[..., Iterable[Any]] = map
    ) -> tuple[float, Any]:
        """The mean over all examples of all shards, and its gradient, as of `value_and_grad` on all of them at once.

        `load(shard)` reads one shard as the function's arguments, a tuple of arrays. `map` is the builtin, an
        executor's, dask's or Ray's: it applies a picklable function to each shard, here or elsewhere, and may give
        futures. Sums are added in the order of the shards, so the bits are the same however many workers there are.
        """
        return over(self, shards, load, map)

    def __reduce__(self) -> Any:
        raise TypeError(
            f"compile({self.name}) cannot be copied or pickled, as its parameters would be others: compile a copy of "
            "the function, or send work to other processes with over(shards, load, map=executor.map)"
        )

    def __repr__(self) -> str:
        said = "not called yet" if self._last is None else self._last.program.heading()
        return f"<compile({self.name}): {said}>"

    @property
    def recorded(self) -> bool:
        """Has a call told what the parameters are?"""
        return self._last is not None

    @property
    def parameters(self) -> list[Value]:
        """The leaves that the last call met beside its arguments: whose gradients `value_and_grad` gives, in order."""
        return self._current("parameters").parameters

    @property
    def program(self) -> Tape | Program:
        """The program of the last call, to print."""
        return _printed(self._current("program").program)

    @property
    def gradient_program(self) -> Tape | Program:
        """The program of its value and gradient, to print."""
        return _printed(self._current("gradient_program").gradient().program)

    @property
    def source(self) -> str:
        """The program of the last call, and its gradient, as Python."""
        return self._current("source").text

    def export(self, path: str | os.PathLike[str], gradient: bool = True) -> None:
        """Write the last call's function, and its gradient, for another language, which the suffix names.

        ".c" (with a header beside it), ".mjs" and ".py" compute one example, and need no library; "_jax.py" computes
        whole batches. The gradient is that of `value_and_grad`, in the parameters; in the arguments if there are no
        parameters. Parameters are p, in the order of `parameters`, and the file holds their numbers; arguments are x.
        TypeError for a row that the language cannot say; ValueError for another suffix.
        """
        from autograd.export.files import Exported, write

        trace = self._current("export")
        names = self._names_of(len(trace.shapes))
        result, graph, parameters = record(self.function, self.name, trace.structure, names)
        slopes = None
        if gradient and is_one_number(result):
            slopes = exact(value_and_gradient(graph if parameters else parametric(graph)))
        stem = os.path.basename(path).partition(".")[0].removesuffix("_jax")  # names what has no name of its own
        name = next(
            (n for n in (self.name, stem) if n != "function" and n.isidentifier() and n not in TABLE), "function"
        )
        numbers = [p._data for p in parameters]
        write(path, Exported(name, exact(graph), slopes, numbers, not parameters, speller(trace.template)))

    def _renew(self) -> None:
        """A lock that nobody holds, so that no thread forgets what another is about to record."""
        self._lock = RLock()

    def _current(self, what: str) -> Trace:
        if self._last is None:
            raise ValueError(
                f"{self.name}.{what}: nothing is recorded yet; call the function once, on numbers or arrays"
            )
        return self._last

    def _names_of(self, count: int) -> list[str]:
        names = self._names
        return names if len(names) == count else names[:count] + [f"argument_{i}" for i in range(len(names), count)]

    def _trace(self, args: Sequence[Any]) -> tuple[Trace, arguments.Arguments]:
        names = self._names_of(len(args))
        read = arguments.read(args, names, self.name)
        key = read.shapes, read.as_arrays
        with self._lock:
            if self._changed():
                self._forget()
            trace = self._traces.get(key)
            if trace is None:
                with collector_paused():
                    trace = self._traces[key] = Trace(self._recording(read, names), read, self.runner, self.devices)
            self._last = trace
        if modes.active and modes.anomaly() is not None:
            self._look_for_anomalies(read, names)
        return trace, read

    def _recording(self, read: arguments.Arguments, names: Sequence[str]) -> Recording:
        """One call of the function serves one example, a batch, and a number that is the same for every example."""
        key = tuple([shape or () for shape in read.shapes]), read.as_arrays
        if key not in self._recordings:
            self._recordings[key] = Recording(self.function, self.name, read, names)
            self._look_around()  # what the function itself has changed is no news
        return self._recordings[key]

    def _look_around(self) -> None:
        self._surroundings = Surroundings(self.function)
        self._watch: Watch | None = None
        self._looks = 0

    def _changed(self) -> bool:
        """Is anything around the function another than when it was recorded? Machine code looks, after some calls."""
        if self._watch is not None and self._watch.holds():
            return False
        self._looks += 1
        if self._looks >= OFTEN and self._looks & (self._looks - 1) == 0 and self.runner not in ("python", "jax"):
            self._watch = Watch.of(self._surroundings)
        return self._surroundings.changed()  # at last: it says of what the watch saw, too, whether it was as recorded

    def _forget(self) -> None:
        """The surroundings have changed: record anew."""
        self._traces.clear()
        self._recordings.clear()
        self._look_around()
        for entry in (self, *self._gradient_entries.values()):
            if hasattr(entry, "has_entry"):
                uninstall(entry)

    def _look_for_anomalies(self, read: arguments.Arguments, names: Sequence[str]) -> None:
        """Within `detect_anomaly`, the function itself on each example, forward and backward: it knows its lines."""
        for k in range(read.n or 1):
            arrays = [x if shape is None else x[k : k + 1] for x, shape in zip(read.arrays, read.shapes, strict=True)]
            try:
                result = self.function(*as_values(read._replace(arrays=arrays), names)[1])
                for z in leaves(result, f"the result of {self.name}"):
                    if isinstance(z, Value):
                        number_adjoints(topological_order(z), {z: 1.0})
            except FloatingPointError as error:
                error.add_note(f"in example {k} of {self.name}")
                raise

    def _shorten(
        self,
        entry: Any,
        trace: Trace,
        execution: Execution,
        read: arguments.Arguments,
        method: Callable[..., Any],
        at: bool,
        recipe: Callable[[], Any],
    ) -> None:
        """From the third call like this one on, go straight to machine code."""
        if self.runner in ("python", "jax") or not hasattr(entry, "has_entry"):
            return
        plan = execution.plan(1 if read.n is None else read.n, method, read.shapes, at, self._surroundings, recipe)
        with self._lock:
            if plan is not None and trace in self._traces.values():  # else another thread saw that it is of the past
                install(entry, plan)


class _Elsewhere:
    """Answers None to the calls that its entry does not take."""

    def __call__(self, *args: Any) -> None:
        return None


def _printed(program: Program) -> Tape | Program:
    """Re-rolled, or with its loops: what the forms in which it runs have in common, chosen by the size of a batch. Code
    of straight lines is made of this as it is; a tape fuses cheap instructions for blocks of examples, and cuts long
    sums for one."""
    from autograd.native.roll import roll

    return program if loops_in(program) else roll(program)
