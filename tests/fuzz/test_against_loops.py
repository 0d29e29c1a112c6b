"""Random combinations of a layer's options: each version against the readable loops, a thousand combinations a family."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.drawing import SMALL
from benchmarks.families import EXACT, FAMILIES, draw

COUNT, SLICES = 1000, 10
SPRINKLED = {
    "max_pool2d",
    "avg_pool2d",
    "relu",
    "leaky_relu",
    "tanh",
    "sigmoid",
}  # with these some cells are not finite
SIGNED = {"max_pool2d", "relu"}  # a zero keeps its sign
TOLERANCE = {"float64": 1e-9, "float32": 2e-4, "float16": 2e-2}
LAYOUTS = (
    lambda array: array,
    np.asfortranarray,
    lambda array: array[tuple(slice(None, None, -1) for _ in array.shape)],
    lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    lambda array: array.astype(array.dtype.newbyteorder()),
)


def dressed(family, seed):
    """The combination of this number as a caller may have it: dtype, memory layout, infinities and NaN, read-only."""
    rng = np.random.default_rng(seed)
    combination = draw(family, seed, SMALL, str(rng.choice(list(TOLERANCE), p=[0.6, 0.3, 0.1])))
    positional = dict(combination.positional)
    if family in SPRINKLED and rng.random() < 0.3:
        x = positional["x"]
        x[rng.random(x.shape) < 0.3] = rng.choice([np.inf, -np.inf, -np.inf, np.nan, -0.0])
    for name, value in positional.items():
        if isinstance(value, np.ndarray) and not name.startswith("running"):  # those are changed in place
            positional[name] = LAYOUTS[rng.integers(len(LAYOUTS))](value)
            positional[name].flags.writeable = False
    return replace(combination, positional=positional)


@pytest.mark.parametrize("part", range(SLICES))
@pytest.mark.parametrize("family", FAMILIES)
def test_the_loops_agree(family, part):
    for seed in range(part, COUNT, SLICES):
        combination = dressed(family, seed)
        with np.errstate(invalid="ignore"):  # infinity minus infinity
            expected = combination.run("loops", seed)
            for who in FAMILIES[family].versions:
                found = combination.run(who, seed)
                assert len(found) == len(expected)
                for ours, theirs in zip(found, expected, strict=True):
                    compare(ours, theirs, combination, f"{who}, number {seed}: {combination}")


def compare(ours, theirs, combination, words):
    family, given = combination.family, next(iter(combination.positional.values()))
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), words
    if family in EXACT:
        np.testing.assert_array_equal(ours, theirs, err_msg=words)
    else:
        tolerance = TOLERANCE[given.dtype.name] * np.abs(theirs[np.isfinite(theirs)]).max(initial=1)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance, err_msg=words)
    if family in SIGNED:
        assert (np.signbit(ours) == np.signbit(theirs))[ours == 0].all(), words
