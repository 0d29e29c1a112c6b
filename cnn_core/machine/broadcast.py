"""One number a row meets a whole array: NumPy's broadcasting, without the copies that it makes on the way."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

BUFFER = 512  # numbers; NumPy's own is 8,192
Function = TypeVar("Function", bound=Callable[..., Any])


def along_rows(function: Function) -> Function:
    """A decorator: what the function computes with one number a row of an array, or with one row, NumPy takes row by row.

    It copies both arrays into its buffer first where two rows fit in, which takes twice as long from rows of some 500 on.
    For shorter ones the copy pays. So the buffer is made that short.
    """

    @functools.wraps(function)
    def with_short_buffer(*args: Any, **kwargs: Any) -> Any:
        before = np.setbufsize(BUFFER)
        try:
            return function(*args, **kwargs)
        finally:
            np.setbufsize(before)

    return cast(Function, with_short_buffer)
