"""The README's code runs, and gives what its comments say."""

import ast
import re
from pathlib import Path

import pytest

from autograd.core.primitives import TABLE

README = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture(autouse=True)
def table_as_it_was():
    rows = set(TABLE)
    yield
    for name in TABLE.keys() - rows:
        del TABLE[name]


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_code_gives_what_its_comments_say(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    claims = 0
    for statement in ast.parse(block).body:
        source = ast.get_source_segment(block, statement)
        line = block.splitlines()[statement.end_lineno - 1]
        claim = re.search(r"# = (.+)$", line)
        if claim:
            claims += 1
            assert eval(source, names) == nearly(ast.literal_eval(claim[1])), line
        else:
            exec(source, names)
    assert claims


def nearly(expected):
    """expected, with every float compared to the digits that a comment has."""
    if isinstance(expected, dict):
        return {key: nearly(x) for key, x in expected.items()}
    if isinstance(expected, list | tuple):
        return type(expected)(map(nearly, expected))
    return pytest.approx(expected, rel=1e-3) if isinstance(expected, float) else expected
