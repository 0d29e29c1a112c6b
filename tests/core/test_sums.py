"""Sums in runs: right for every length, and hardly less exact than in float64."""

import numpy as np
import pytest

from cnn_core.machine.sums import ALONG, LONG, RUN, sum_columns, sum_rows


@pytest.mark.parametrize("dtype", ["f4", "f8", "g"])
@pytest.mark.parametrize(
    "shape",
    [
        (0, 3),
        (3, 0),
        (1, 1),
        (5, 700),
        (700, 5),
        (RUN, RUN + 1),
        (2 * RUN, 2 * RUN),
        (3, 2 * ALONG),
        (3, 5000),
        (2, 4 * ALONG + 3),
        (2, 3 * LONG),
        (2, LONG + 1),
    ],
    ids=str,
)
def test_sums_of_every_length(shape, dtype):
    a, b = np.random.default_rng(0).integers(-9, 10, (2, *shape)).astype(dtype)  # sums of whole numbers are exact
    weights = np.arange(shape[0], dtype=dtype) % 7
    for rows in (a, a[::-1]):
        np.testing.assert_array_equal(sum_rows(rows), rows.sum(axis=0))
        np.testing.assert_array_equal(sum_rows(rows, weights), (rows * weights[:, None]).sum(axis=0))
        for along in (ALONG, LONG):
            np.testing.assert_array_equal(sum_columns(rows, along=along), rows.sum(axis=1))
            np.testing.assert_array_equal(sum_columns(rows, b, along=along), (rows * b).sum(axis=1))


@pytest.mark.parametrize("d", [5, 700, 5000, LONG + 1])
def test_each_row_of_several_blocks_is_multiplied_by_the_same_numbers(d):
    a, b = np.random.default_rng(0).integers(-9, 10, (4, 3, d)).astype("f4"), np.arange(3 * d, dtype="f4") % 7
    b = b.reshape(3, d)
    np.testing.assert_array_equal(sum_columns(a, b), (a * b).sum(axis=-1))


def test_a_sum_over_200_000_rows_of_float32_keeps_its_digits():
    x = np.random.default_rng(0).uniform(0, 1, (200_000, 3)).astype(np.float32)
    exact = x.astype(np.float64).sum(axis=0)
    eps = np.finfo(np.float32).eps
    assert np.abs(x.sum(axis=0) / exact - 1).max() > 50 * eps  # NumPy's
    for found in (sum_rows(x), sum_columns(np.ascontiguousarray(x.T))):
        np.testing.assert_allclose(found, exact, rtol=eps)
