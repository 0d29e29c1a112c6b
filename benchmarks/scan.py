"""No slow corner: random combinations of every layer's options, timed against who else can do them.

    python -m benchmarks.scan [first number] [combinations a family]

Each combination is done forward and backward in float32 on one thread, by the fast version, by the plain one (whole arrays,
nothing else) where the layer has one, and by PyTorch where it is installed; in turns, in one process, after they were seen
to agree. The ratio is that of the shortest times. Prints the ten worst, and returns 1 if one is above its bound.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from cnn_core.machine.threads import use_one_thread

use_one_thread()

import numpy as np  # noqa: E402

from benchmarks.drawing import LARGE  # noqa: E402
from benchmarks.families import FAMILIES, Combination, draw, draw_dout  # noqa: E402
from benchmarks.timing import has_torch  # noqa: E402

BOUNDS = {"plain": 1.1, "PyTorch": 3.0}  # the fast version's time as a multiple of theirs, at most
EACH = 12  # combinations a family
LEAST = 1 << 15  # numbers in x: with fewer, the calls themselves count for more than the work
MOST = 1 << 26  # multiplications of a convolution
ROUNDS, AGAIN = 5, 3  # runs of each; a ratio above its bound is measured again: the machine has other work, too
AT_ONCE = {"softmax_cross_entropy"}  # loss and gradient come from one call
Call = Callable[[], object]


class Ratio(NamedTuple):
    """How many times as long as `yardstick` the fast version takes, and how long, in seconds."""

    ratio: float
    seconds: float
    yardstick: str
    direction: str
    combination: Combination


def combinations(first: int, each: int) -> list[Combination]:
    """`each` of every family, those that are worth timing."""
    found: list[Combination] = []
    for family in FAMILIES:
        number = first
        some: list[Combination] = []
        while len(some) < each:
            combination = draw(family, number, LARGE, "float32")
            number += 1
            if worth_timing(combination):
                some.append(combination)
        found += some
    return found


def worth_timing(combination: Combination) -> bool:
    """Whether it is large enough, and not too large."""
    x, weight, *_ = [*combination.positional.values(), None]
    work = x.size
    if "weight" in combination.positional:
        work = len(x) * weight.size * (x[0, 0].size if x.ndim == 4 and weight.ndim == 4 else 1)
    return bool(x.size >= LEAST and work <= MOST)


def calls(combination: Combination) -> dict[str, tuple[Call, Call]]:
    """Forward and backward, by who does it. Asserts that all agree."""
    found: dict[str, tuple[Call, Call]] = {}
    results: dict[str, list[np.ndarray]] = {}
    for who in FAMILIES[combination.family].versions:
        if who != "loops":
            out, cache = combination.forward(who)
            dout = draw_dout(out, 0)
            results[who] = [out, *combination.backward(who, dout, cache)]
            found[who] = _ours(combination, who, dout, cache)
    if has_torch():
        import torch

        from benchmarks.families_pytorch import Judge

        torch.set_num_threads(1)
        judge = Judge(combination)
        results["PyTorch"] = judge.run(np.ones((), "float32") if dout.ndim == 0 else dout)
        given = torch.tensor(np.ones((), "float32") if dout.ndim == 0 else dout)
        found["PyTorch"] = _theirs(judge, given, at_once=combination.family in AT_ONCE)
    for who, theirs in results.items():
        for ours, other in zip(results["fast"], theirs, strict=True):
            scale = np.abs(other).max(initial=1)
            assert np.allclose(ours, other, rtol=1e-3, atol=1e-4 * scale), f"{who} disagrees: {combination}"
    return found


def _ours(combination: Combination, who: str, dout: np.ndarray, cache: object) -> tuple[Call, Call]:
    return lambda: combination.forward(who), lambda: combination.backward(who, dout, cache)


def _theirs(judge: object, dout: object, *, at_once: bool) -> tuple[Call, Call]:
    """at_once: the forward pass makes the gradient, too, as ours does."""

    def backward() -> object:
        return judge.backward(out, dout, keep=True)  # type: ignore[attr-defined]

    def forward() -> object:
        out = judge.forward()  # type: ignore[attr-defined]
        return judge.backward(out, dout) if at_once else out  # type: ignore[attr-defined]

    out = judge.forward()  # type: ignore[attr-defined]
    return forward, backward


def shortest(whos: dict[str, Call]) -> dict[str, float]:
    """The shortest of some runs of each, in turns. A run that does not count comes before: none finds its neighbour's cache."""
    times = dict.fromkeys(whos, np.inf)
    for _ in range(ROUNDS):
        for who, call in whos.items():
            call()
            began = time.perf_counter()
            call()
            times[who] = min(times[who], time.perf_counter() - began)
    return times


def ratios(combination: Combination) -> list[Ratio]:
    """The fast version against each yardstick there is, forward and backward."""
    found = []
    both = calls(combination)
    for place, direction in enumerate(("forward", "backward")):
        if direction == "backward" and combination.family in AT_ONCE:
            continue
        whos = {who: pair[place] for who, pair in both.items()}
        times = shortest(whos)
        for _ in range(AGAIN):
            if all(times["fast"] <= BOUNDS[who] * times[who] for who in whos if who != "fast"):
                break
            times = {who: min(times[who], seconds) for who, seconds in shortest(whos).items()}
        for who in whos:
            if who != "fast":
                found.append(Ratio(times["fast"] / times[who], times["fast"], who, direction, combination))
    return found


def main() -> int:
    """Print the ten worst; returns 1 if one is above its bound."""
    first, each = (int(text) for text in (*sys.argv[1:3], *("0", str(EACH))[len(sys.argv[1:3]) :]))
    some = combinations(first, each)
    found = [ratio for combination in some for ratio in ratios(combination)]
    print(f"{len(some)} random combinations of {len(FAMILIES)} layers, float32, one thread; agreement checked first")
    missed = 0
    for yardstick, bound in BOUNDS.items():
        those = sorted((r for r in found if r.yardstick == yardstick), reverse=True, key=lambda r: r.ratio)
        if not those:
            print(f"\nno race with {yardstick}: it is not installed")
            continue
        above = sum(r.ratio > bound for r in those)
        missed += above
        print(f"\nthe ten slowest of {len(those)} against {yardstick}, of which {above} are above {bound}")
        for r in those[:10]:
            print(f"{r.ratio:6.2f}x {r.seconds * 1e3:8.2f} ms  {r.direction:9s}{r.combination}")
    print(f"\n{missed} missed" if missed else "\nno combination is above its bound")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
