"""Batch norm beside group norm on small batches: the same start for both, real trainings, and a process that tells of them."""

import signal
import subprocess
import sys

import numpy as np
import pytest

from cnn_core.training import batch_sizes
from cnn_core.training.batch_sizes import NORMS, SEEDS, SIZES, Comparison, Trained, all_trainings, config_of, train
from tests.waiting import until


def test_norm_and_batch_size_change_neither_the_first_weights_nor_the_pictures():
    solvers = [config_of(norm, size, 1).solver() for norm in NORMS for size in (1, 8)]
    first = solvers[0]
    for other in solvers[1:]:
        for name, weight in first.model.params.items():
            np.testing.assert_array_equal(other.model.params[name], weight)
    assert not np.array_equal(
        config_of("batch", 8, 2).model().params["conv1.weight"], first.model.params["conv1.weight"]
    )
    assert {config_of("group", size, 0).learning_rate / size for size in SIZES} == {batch_sizes.RATE}


def test_a_training_is_the_solvers_own():
    *told, trained = train("group", 4, 2, pictures=480)
    assert told == [50, 100]
    config = config_of("group", 4, 2)
    solver = config.solver()
    for _, _ in zip(range(120), solver.steps(), strict=False):
        pass
    assert trained == Trained("group", 4, 2, solver.model.accuracy(*config.training_data().test))


def test_small_batches_cost_batch_norm_more_than_group_norm():
    accuracy = {(norm, size): list(train(norm, size, 0))[-1].accuracy for norm in NORMS for size in (1, 8)}
    lost = {norm: accuracy[norm, 8] - accuracy[norm, 1] for norm in NORMS}
    assert lost["batch"] > lost["group"] + 0.05
    assert min(accuracy.values()) > 0.7  # all of them learn


@pytest.fixture
def made(monkeypatch):
    """Every process that a comparison starts."""
    found, start = [], subprocess.Popen

    def popen(*arguments, **options):
        found.append(start(*arguments, **options))
        return found[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    return found


def test_the_process_tells_of_every_training_once(made):
    comparison = Comparison(pictures=16)
    assert (comparison.state, comparison.trained) == ("", ())
    comparison.start()
    comparison.start()  # a second press starts nothing
    comparison.wait()
    assert (comparison.state, comparison.share, comparison.message) == ("done", 1.0, "")
    assert len(made) == 1
    assert [(one.norm, one.batch_size, one.seed) for one in comparison.trained] == all_trainings()
    assert {len(found) for by_size in comparison.found().values() for found in by_size.values()} == {len(SEEDS)}
    *_, last = train(*all_trainings()[-1], pictures=16)
    assert comparison.trained[-1] == last


def test_a_process_that_ends_early_is_told_and_may_be_started_again():
    comparison = Comparison()
    comparison.start()
    until(lambda: comparison.share > 0)
    comparison.close()
    comparison.wait()
    assert comparison.state == "failed"
    assert "ended early (exit code -9): start it again" in comparison.message
    comparison = Comparison(pictures=1)  # no batch of 8
    comparison.start()
    comparison.wait()
    assert "pictures (=1) must be 8 or more" in comparison.message
    comparison.arguments = ("16",)
    comparison.start()
    comparison.wait()
    assert (comparison.state, comparison.message) == ("done", "")


def test_the_process_ends_with_its_server():
    """Its standard input is closed then; 10,000 pictures would take it a minute."""
    command = [sys.executable, "-m", batch_sizes.__name__, "10000"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True)
    assert '"found"' not in ended.stdout


def test_how_much_is_done_only_grows(monkeypatch):
    told, comparison = [], Comparison(pictures=400)
    tell = comparison._tell
    monkeypatch.setattr(comparison, "_tell", lambda **known: told.append(known.get("share")) or tell(**known))
    comparison.start()
    comparison.wait()
    shares = [share for share in told if share is not None]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert shares[0] == 50 / sum(400 // size for _, size, _ in all_trainings())


def test_what_is_cancelled_leaves_nothing_behind_and_may_be_started_again(made):
    comparison = Comparison(pictures=400)
    comparison.cancel()
    assert comparison.state == ""
    comparison.start()
    until(lambda: comparison.trained)
    thread = comparison._thread
    comparison.cancel()
    thread.join()
    assert made[0].returncode == -signal.SIGKILL
    assert (comparison.state, comparison.share, comparison.trained, comparison.message) == ("", 0.0, (), "")
    comparison.arguments = ("16",)
    comparison.start()
    thread = comparison._thread
    comparison.cancel()  # before its process is there
    thread.join()
    assert made[1].returncode == -signal.SIGKILL
    comparison.start()
    comparison.wait()
    comparison.cancel()  # too late
    assert (comparison.state, comparison.share) == ("done", 1.0)
    assert [(one.norm, one.batch_size, one.seed) for one in comparison.trained] == all_trainings()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("layer", 1, 0), "norm (='layer') must be one of batch, group"),
        (("batch", 0, 0), "batch_size (=0) must be 1 or more"),
        (("batch", 1001, 0), "batch_size (=1001) must be 1000 or less"),
        (("batch", 1, -1), "seed (=-1) must be 0 or more"),
    ],
)
def test_misfits_are_named(arguments, message):
    with pytest.raises(ValueError) as error:
        config_of(*arguments)
    assert message in str(error.value)
