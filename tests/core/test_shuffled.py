"""Training on shuffled labels: the same network, learned by heart, in a process that hands back its weights."""

from dataclasses import replace

import numpy as np

from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.training.config import TrainingConfig
from cnn_core.training.data import DataOptions
from cnn_core.training.shuffled import BY_HEART, Learned, ShuffledTraining, config_of, train

REAL = TrainingConfig(
    network=NetworkSpec((ConvBlock(16, norm="batch"),), (32,), dropout=0.3, weight_init="he"),
    data=DataOptions(normalise="standard", shift=1, noise=0.1),
    update_rule="sgd",
    reg=0.1,
    seed=3,
)


def test_it_is_the_same_network_with_nothing_that_hinders_learning_by_heart():
    config = config_of(REAL)
    assert config.network == replace(REAL.network, dropout=0.0)
    assert (config.dataset, config.data.normalise, config.seed, config.reg) == ("digits", "standard", 3, 0)
    assert not config.data.augments
    np.testing.assert_array_equal(config.model().params["conv1.weight"], REAL.model().params["conv1.weight"])
    data = config.training_data()
    assert data.num_train == 400
    assert 0.05 < np.mean(data.labels == data.true_labels) < 0.15  # as by chance, of ten classes
    assert len(np.unique(data.labels)) == 10
    few = config_of(replace(REAL, data=DataOptions(num_train=30)))
    assert (few.data.num_train, few.batch_size) == (30, 25)


def test_it_learns_by_heart_what_says_nothing_of_new_pictures():
    *shares, learned = train(replace(REAL, data=DataOptions(num_train=100)))
    assert isinstance(learned, Learned)
    assert learned.train >= BY_HEART and learned.test < 0.3
    assert (learned.pictures, learned.epochs) == (100, len(shares) + 1)
    assert all(0 < share < 1 for share in shares)
    assert learned.network.accuracy(*REAL.training_data().test) == learned.test


def test_it_ends_when_its_time_is_over():
    (learned,) = train(REAL, seconds=1e-9)
    assert learned.epochs == 1 and learned.train < BY_HEART


def test_the_process_hands_back_its_network():
    asked = replace(REAL, data=DataOptions(num_train=25))
    training = ShuffledTraining(asked)
    assert training.learned() is None
    training.start()
    training.wait()
    assert (training.state, training.message, training.share) == ("done", "", 1.0)
    learned = training.learned()
    *_, here = train(asked)
    assert (learned.train, learned.test, learned.epochs) == (here.train, here.test, here.epochs)
    for name, array in {**here.network.params, **here.network.buffers}.items():
        np.testing.assert_allclose(
            {**learned.network.params, **learned.network.buffers}[name], array, rtol=1e-3, atol=1e-5
        )


def test_why_it_failed_is_told():
    training = ShuffledTraining(TrainingConfig())
    training.arguments = ('{"dataset": "gone"}',)
    training.start()
    training.wait()
    assert training.state == "failed" and "dataset" in training.message
    assert training.learned() is None
