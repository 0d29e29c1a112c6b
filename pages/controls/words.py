"""The words by which options are shown. Their ids stand in links and code; only readers depend on these words."""

from __future__ import annotations

import re

WORDS: dict[
    str, dict[str, str]
] = {  # by the parameter that an option belongs to; any other id is shown with spaces for _
    "input": {"own_picture": "your picture"},
    "kernel": {"sobel_x": "Sobel x", "sobel_y": "Sobel y"},
    "dout": {"from_loss": "from a loss"},
    "view": {
        "spread": "scatter",
        "ways": "dx three ways",
        "curves": "Curves",
        "layers": "Layers",
        "mistakes": "Mistakes",
        "film_strip": "Checkpoints",
        "weight": "One weight",
        "network": "Network",
        "overview": "Overview",
        "learned": "What it learned",
        "why": "Why this answer?",
        "shift": "Shift and nudge",
    },
    "weights": {"shipped": "trained on digits", "untrained": "not trained yet", "own": "from your training"},
    "source": {
        "test": "the test pictures",
        "mistakes": "its mistakes",
        "own_picture": "your file",
        "drawn": "your drawing",
    },
    "pace": {"slow": "slowly: 10 steps/s", "watch": "to watch: 50 steps/s", "full": "as fast as it goes"},
    "state": {"queued": "waiting"},
    "dataset": {
        "fashion": "Fashion-MNIST",
        "fashion-full": "Fashion-MNIST, all of it",
        "mnist": "MNIST",
        "cifar10": "CIFAR-10",
    },
    "update_rule": {"sgd": "SGD", "nesterov": "Nesterov", "rmsprop": "RMSProp", "adam": "Adam", "adamw": "AdamW"},
    "activation": {"relu": "ReLU", "leaky_relu": "leaky ReLU"},
    "pool": {"avg": "average", "blur": "max with blur"},
    "mode": {"train": "in training", "test": "in use (test)"},
    "tensor": {
        "maps": "maps of a small network",
        "constant": "the same, one channel constant",
        "units": "one number a channel",
        "own": "maps of your training",
    },
    "check": {
        "network": "small network with its loss",
        "conv2d": "convolution",
        "conv_transpose2d": "transposed convolution",
        "max_pool2d": "max pooling",
        "avg_pool2d": "average pooling",
        "linear": "linear (fully connected)",
        "relu": "ReLU",
        "leaky_relu": "leaky ReLU",
        "softmax_cross_entropy": "softmax and cross-entropy",
    },
    "l2": {"reg_w": "reg · W", "reg_sum_w": "reg · sum(W)"},
    "weight_init": {"he": "He", "xavier": "Xavier"},
    "preset": {
        "half_padding": "half padding (same)",
        "one_by_one": "1×1",
        "sobel_on_a_photograph": "Sobel on a photograph",
        "eight_filters": "three colours, eight filters",
        "two_by_two": "2×2, stride 2",
        "overlapping_stride_2": "overlapping 3×3, stride 2",
        "overlapping_stride_1": "overlapping 3×3, stride 1",
        "overwriting": "= instead of +=",
        "enlarging": "stride 2, enlarging",
        "two_filters": "4×4, two filters",
        "padded": "3×3 kernel, padded",
        "three_small": "three 3×3",
        "one_large": "one 7×7",
        "early_pool": "a pool after the first 3×3",
        "lenet_5": "LeNet-5",
        "dilated": "dilated 1-2-4",
        "vgg_blocks": "VGG blocks",
        "course_net": "course's net",
        "lenet_like": "LeNet-like",
        "dead_relus": "dead ReLUs",
        "deep_no_norm": "deep, no norm",
        "deep_batch_norm": "deep, batch norm",
        "sum_of_w": "reg · sum(W)",
        "relu_corner": "ReLU at its corner",
        "near_tie": "two nearly equal maxima",
        "too_small": "h too small",
        "in_float32": "in float32",
        "no_truncation": "h as large as you like",
    },
}


FAMILIES = {"hidden_activation": "activation", "datasets": "dataset"}  # parameters with the options of another one


def word_of(key: str, option: str) -> str:
    """How an option of the parameter `key` is written on the page; `block_1_pool` has the options of `pool`."""
    name = re.sub(r"^(block|layer)_\d+_", "", key)
    return WORDS.get(FAMILIES.get(name, name), {}).get(option) or option.replace("_", " ")
