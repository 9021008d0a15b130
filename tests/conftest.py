"""Settings of the whole suite: Hypothesis repeats itself exactly, and no test leaves its own rows in the table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from autograd.core.primitives import TABLE
from tests import chromium

_quiet = {
    "derandomize": True,
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much],
}
settings.register_profile("chainrule", max_examples=40, **_quiet)
settings.register_profile("thorough", max_examples=2000, **_quiet)
settings.load_profile("chainrule")


@pytest.fixture(autouse=True)
def table_as_it_was() -> Iterator[None]:
    """Rows that a test enters are gone after it."""
    before = dict(TABLE)
    yield
    TABLE.clear()
    TABLE.update(before)


@pytest.fixture(scope="module")
def chrome() -> Iterator[chromium.Browser]:
    if chromium.PROGRAM is None:
        pytest.skip("no Chromium is installed")
    opened = chromium.Browser()
    yield opened
    opened.close()
