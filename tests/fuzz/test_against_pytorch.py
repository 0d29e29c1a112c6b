"""The same random combinations against PyTorch, in float64 and float32."""

from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks.drawing import SMALL
from benchmarks.families import FAMILIES, draw, draw_dout

COUNT, SLICES = 1000, 10


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is a judge where it is installed")
@pytest.mark.parametrize("part", range(SLICES))
@pytest.mark.parametrize("family", FAMILIES)
def test_pytorch_agrees(family, part):
    from benchmarks.families_pytorch import Judge

    for seed in range(part, COUNT, SLICES):
        dtype, tolerance = [("float64", 1e-9), ("float32", 1e-4)][seed // SLICES % 2]
        combination = draw(family, seed, SMALL, dtype)
        judge = Judge(combination)
        found = combination.run("fast", seed)
        expected = judge.run(draw_dout(found[0], seed) if family != "softmax_cross_entropy" else np.ones((), dtype))
        assert len(found) == len(expected)
        for ours, theirs in zip(found, expected, strict=True):
            words = f"number {seed}: {combination}"
            assert ours.shape == theirs.shape, words
            scale = np.abs(theirs).max(initial=1)
            np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale, err_msg=words)
