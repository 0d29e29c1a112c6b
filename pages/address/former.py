"""What links made earlier hold, where an option's id or a page's address is another today: such links go on working."""

from __future__ import annotations

from itertools import product

FORMER: dict[str, dict[str, str]] = {
    "input": {
        "shuffled numbers": "shuffled_numbers",
        "few numbers": "few_numbers",
        "vertical edge": "vertical_edge",
        "horizontal edge": "horizontal_edge",
        "your picture": "own_picture",
    },
    "kernel": {"Sobel x": "sobel_x", "Sobel y": "sobel_y", "whole numbers": "whole_numbers"},
    "edit": {
        **{f"filter {n}": f"filter_{n}" for n in range(8)},
        **{f"channel {n}": f"channel_{n}" for n in range(8)},
        **{f"filter {f}, channel {c}": f"filter_{f}_channel_{c}" for f, c in product(range(8), range(8))},
    },
    "dout": {"one cell": "one_cell", "from a loss": "from_loss"},
    "layer": {"max pooling": "max_pooling", "average pooling": "average_pooling"},
    "view": {
        "Curves": "curves",
        "Layers": "layers",
        "Mistakes": "mistakes",
        "Film strip": "film_strip",
        "Network": "network",
    },
    "weights": {
        "trained on digits": "shipped",
        "standard": "shipped",
        "not trained yet": "untrained",
        "from your training": "own",
    },
    "colours": {"blue–orange": "blue_orange", "green–purple": "green_purple", "teal–red": "teal_red"},
    "preset": {
        "edges on a picture": "edges_on_a_picture",
        "course demo": "course_demo",
        "no padding": "no_padding",
        "arbitrary padding": "arbitrary_padding",
        "half padding (same)": "half_padding",
        "full padding": "full_padding",
        "padding and strides": "padding_and_strides",
        "1×1": "one_by_one",
        "grey from colours": "grey_from_colours",
        "Sobel on a photograph": "sobel_on_a_photograph",
        "three colours, eight filters": "eight_filters",
        "2×2, stride 2": "two_by_two",
        "overlapping 3×3, stride 2": "overlapping_stride_2",
        "overlapping 3×3, stride 1": "overlapping_stride_1",
        "ties on purpose": "ties_on_purpose",
        "= instead of +=": "overwriting",
        "a photograph": "a_photograph",
        "stride 2, enlarging": "enlarging",
        "4×4, two filters": "two_filters",
        "in colour": "in_colour",
        "3×3 kernel, padded": "padded",
        "stride 2": "stride_2",
        "three 3×3": "three_small",
        "one 7×7": "one_large",
        "LeNet-5": "lenet_5",
        "dilated 1-2-4": "dilated",
        "VGG blocks": "vgg_blocks",
        "course's net": "course_net",
        "overfit 100": "overfit_100",
        "LeNet-like": "lenet_like",
        "rate too high": "rate_too_high",
        "dead ReLUs": "dead_relus",
        "deep sigmoids": "deep_sigmoids",
        "deep, no norm": "deep_no_norm",
        "deep, batch norm": "deep_batch_norm",
    },
}


PATHS = {"filters": "network"}  # addresses of pages, and the page that is there today


def understood(key: str, text: str) -> str:
    """The id that this text stood for in links of earlier days; any other text as it is."""
    return FORMER.get(key, {}).get(text, text)
