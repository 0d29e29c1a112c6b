"""A history reads like a list of records, and stays as it was read while others are added."""

import numpy as np
import pytest

from cnn_core.solver import StepRecord
from cnn_core.training.history import History, column, epoch_ends


def record(iteration):
    end = iteration % 7 == 0
    return StepRecord(iteration, iteration // 7 + 1, 0.1 + 1 / iteration, 1e-9, 0.004, *([0.25, 0.5] if end else []))


RECORDS = [record(k) for k in range(1, 10_001)]


@pytest.mark.parametrize("count", [0, 1, 6, 7, 4096, 4097, 10_000])
def test_it_reads_like_a_list(count):
    plain, history = RECORDS[:count], History(RECORDS[:count])
    assert history == plain
    assert plain == list(history)
    assert len(history) == count
    assert bool(history) == bool(plain)
    assert history[2:9] == plain[2:9]
    assert list(reversed(history)) == plain[::-1]
    for index in (0, -1) if count else ():
        assert history[index] == plain[index]
        assert type(history[index].iteration) is int
    with pytest.raises(IndexError):
        history[count]


def test_adding_changes_nothing_that_was_read():
    history = History()
    seen = []
    for start in range(0, 1000, 90):
        history.add(RECORDS[start : start + 90])
        seen.append((len(history), history[:], column(history, "loss")))
    assert history == RECORDS[:1080]
    for count, part, losses in seen:
        assert part == RECORDS[:count]
        assert losses.tolist() == [r.loss for r in RECORDS[:count]]


def test_a_history_cut_off_and_continued_leaves_the_whole_one_alone():
    whole = History(RECORDS)
    part = whole.up_to(500)
    part.add([record(7)])
    assert whole == RECORDS
    assert part[:-1] == RECORDS[:500]
    taken = whole[:500]
    taken.add([record(7)])
    assert whole == RECORDS


def test_columns_and_ends_of_epochs_are_those_of_a_list():
    for records in (RECORDS, History(RECORDS)):
        assert column(records, "data_loss").tolist() == [r.data_loss for r in RECORDS]
        assert epoch_ends(records) == [r for r in RECORDS if r.val_accuracy is not None]
        assert np.isnan(column(records, "val_accuracy")).sum() == 10_000 - 1428
        with pytest.raises(ValueError):
            column(records, "epoch")[0] = 3


def test_histories_that_differ_are_not_equal():
    assert History(RECORDS[:5]) != RECORDS[:4]
    assert History(RECORDS[:5]) != [*RECORDS[:4], record(6)]
    assert History() != 3
