"""Trainings that show something: settings that are known to do what the words beside them say (tests run each of them)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.training.config import TrainingConfig
from cnn_core.training.data import DataOptions


@dataclass(frozen=True)
class TrainingPreset:
    """Settings to start from. name: its id, in lists and links. comment: what one will see, and why."""

    name: str
    title: str
    comment: str
    config: TrainingConfig


_DEEP = tuple(ConvBlock(8, pool="max" if number == 1 else "none") for number in range(4))
_STALLED = TrainingConfig(
    network=NetworkSpec(blocks=_DEEP, hidden=(32,), weight_init="fixed", weight_scale=0.05),
    update_rule="momentum",
    learning_rate=0.02,
)

PRESETS: tuple[TrainingPreset, ...] = (
    TrainingPreset(
        "course_net",
        "The three-layer net of CS231n",
        "Convolution, ReLU, pooling and two fully connected layers: in ten epochs it names more than 95% of digits right "
        "that it has never seen.",
        TrainingConfig(),
    ),
    TrainingPreset(
        "overfit_100",
        "Overfit 100 pictures",
        "The first thing to try with a new network: it must be able to memorise a few pictures. Training accuracy "
        "goes to 100%, validation accuracy stays behind: the gap is overfitting.",
        TrainingConfig("fashion", data=DataOptions(num_train=100), reg=0.0, num_epochs=40),
    ),
    TrainingPreset(
        "lenet_like",
        "After LeNet-5 (LeCun et al. 1998)",
        "Twice a 5×5 convolution with tanh and average pooling, then two hidden layers: of clothes in 28×28 pixels it names "
        "about four of five right. Shirts, T-shirts, pullovers and coats keep being mistaken for one another: see Mistakes.",
        TrainingConfig(
            "fashion",
            network=NetworkSpec(
                blocks=(
                    ConvBlock(6, 5, activation="tanh", pool="avg"),
                    ConvBlock(16, 5, padding=0, activation="tanh", pool="avg"),
                ),
                hidden=(120, 84),
                hidden_activation="tanh",
                weight_init="xavier",
            ),
            learning_rate=2e-3,
            num_epochs=5,
        ),
    ),
    TrainingPreset(
        "rate_too_high",
        "Too high a learning rate",
        "Each step jumps over the valley and lands higher up on the other side: within a few steps the loss grows until it is no "
        "longer a number. Start anew with a tenth of the rate, and it learns.",
        TrainingConfig(
            network=NetworkSpec(
                (ConvBlock(activation="leaky_relu"),), hidden_activation="leaky_relu", weight_init="he"
            ),
            update_rule="sgd",
            learning_rate=5.0,
        ),
    ),
    TrainingPreset(
        "dead_relus",
        "Dead ReLUs",
        "Too large a step pushes units so far below 0 that they answer 0 to every picture: no gradient reaches them, and they "
        "never come back. The loss stands still, although nothing is NaN; see the dead share under Layers.",
        TrainingConfig(update_rule="sgd", learning_rate=5.0),
    ),
    TrainingPreset(
        "deep_sigmoids",
        "Vanishing gradients",
        "Four convolutions and two hidden layers of sigmoids, whose slope is at most 1/4: on the way back each layer makes the "
        "gradient smaller, the first ones hardly learn. Compare the gradient norms under Layers.",
        TrainingConfig(
            network=NetworkSpec(
                blocks=tuple(replace(b, activation="sigmoid") for b in _DEEP),
                hidden=(32, 32),
                hidden_activation="sigmoid",
                weight_init="xavier",
            ),
            update_rule="sgd",
            learning_rate=0.1,
        ),
    ),
    TrainingPreset(
        "deep_no_norm",
        "Deep, without normalisation",
        "Four convolutions with small weights and nothing between them: the signal fades from layer to layer, and the loss "
        "stands still for epochs. Then try the same with batch norm.",
        _STALLED,
    ),
    TrainingPreset(
        "deep_batch_norm",
        "Deep, with batch normalisation",
        "The same weights, the same rate, and batch norm after each convolution: it brings every feature map back to mean 0 and "
        "deviation 1, and the network learns from the first step on.",
        replace(_STALLED, network=replace(_STALLED.network, blocks=tuple(replace(b, norm="batch") for b in _DEEP))),
    ),
)
