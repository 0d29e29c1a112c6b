import pytest

from cnn_core.check import examine
from cnn_core.check.calls import call, functions


@pytest.fixture
def examined():
    """What is said of functions that are here, without a process of their own."""

    def run(namespace, only=None, seconds=8):
        there = {name: taken for name, taken in functions(namespace).items() if only is None or name in only}
        return {r.name: r for r in examine.examine(lambda m: call(namespace, m), there, seconds=seconds)}

    return run
