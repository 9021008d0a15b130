"""What is known of a number that was chosen: which numbers it is made of, and by which conditions.

A mask is 1 or 0 by a comparison, and nan where that has none; what asks whether the mask is 0 asks for the comparison
itself, and 1 times a slope is the slope. So a chosen V keeps its *tree*: a leaf, which is a V, a number or a truth
value, or (condition, tree where it holds, tree where it does not). All of it holds to the bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MOST = 4  # choices in a tree: what is larger says nothing

Tree = Any


def chosen(condition: Tree, x: Tree, y: Tree) -> Tree:
    """x where the condition holds, else y."""
    if not isinstance(condition, tuple):
        return x if condition else y
    test, yes, no = condition
    return _node(
        test,
        chosen(yes, _given(x, test, True), _given(y, test, True)),
        chosen(no, _given(x, test, False), _given(y, test, False)),
    )


def mapped(f: Callable[[Any], Any], tree: Tree) -> Tree:
    """f of every leaf."""
    if not isinstance(tree, tuple):
        return f(tree)
    return _node(tree[0], mapped(f, tree[1]), mapped(f, tree[2]))


def size(tree: Tree) -> int:
    """How many choices it has."""
    return 1 + size(tree[1]) + size(tree[2]) if isinstance(tree, tuple) else 0


def known(tree: Tree) -> bool:
    """Are all leaves numbers?"""
    return known(tree[1]) and known(tree[2]) if isinstance(tree, tuple) else isinstance(tree, float | int)


def _given(tree: Tree, test: Any, holds: bool) -> Tree:
    """The tree where it is known whether a condition holds."""
    if not isinstance(tree, tuple):
        return tree
    if tree[0].name == test.name:
        return _given(tree[1] if holds else tree[2], test, holds)
    return _node(tree[0], _given(tree[1], test, holds), _given(tree[2], test, holds))


def _node(test: Any, yes: Tree, no: Tree) -> Tree:
    return yes if yes is no or _same_number(yes, no) else (test, yes, no)


def _same_number(x: Tree, y: Tree) -> bool:
    return isinstance(x, float | int) and isinstance(y, float | int) and repr(x) == repr(y)
