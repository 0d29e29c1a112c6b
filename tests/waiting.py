"""Waiting for what another process or thread does: short looks, and a deadline instead of a fixed sleep."""

import time


def until(condition, seconds=30):
    """Look until `condition()` is true; fail if that takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen within {seconds} s"
        time.sleep(0.01)
