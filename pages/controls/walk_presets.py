"""The presets of the pages that walk a window, and what their controls are where a preset says nothing.

The sizes of the arithmetic figures are those of Dumoulin and Visin, "A guide to convolution arithmetic for deep learning"
(2016), chapters 2 and 4; the course demo's those of the animation in the notes of Stanford's CS231n.
"""

from pages.controls.presets import Preset

USUAL_CONVOLUTION = {
    "input": "lake",
    "input_size": "10",
    "channels": "1",
    "filters": 1,
    "per_axis": False,
    "kernel": "edges",
    "kernel_size": 3,
    "groups": "1",
    "flip": False,
    "bias": "0",
    "stride": 1,
    "padding": 0,
    "dilation": 1,
    "dout": "random",
}
SMALL = {"input": "few_numbers", "kernel": "whole_numbers"}

CONVOLUTION = {
    "by_hand": Preset(
        "Right less left: where the input is flat, the products cancel to 0; at its edge they do not. See the photograph, too.",
        {"input": "vertical_edge", "input_size": "5", "kernel": "sobel_x"},
    ),
    "edges_on_a_picture": Preset(
        "Eight times the middle less its neighbours: where the picture is even, the terms cancel; at an edge they do not.",
        {"padding": 1},
    ),
    "course_demo": Preset(
        "The animation of Stanford's CS231n: each output adds up 27 products, 9 of each channel, and its filter's bias.",
        SMALL | {"input_size": "5", "channels": "3", "filters": 2, "padding": 1, "stride": 2, "bias": "1, 0"},
    ),
    "no_padding": Preset(
        "Without padding the window fits into 4 cells twice: the output is smaller than the input.",
        SMALL | {"input_size": "4"},
    ),
    "arbitrary_padding": Preset(
        "Two rows and columns of zeros around 5×5, a kernel of 4×4: the output is 6×6, larger than the input.",
        SMALL | {"input_size": "5", "kernel_size": 4, "padding": 2},
    ),
    "half_padding": Preset(
        "Padding by half the kernel, rounded down: with an odd kernel and stride 1 the output is as large as the input.",
        SMALL | {"input_size": "5", "padding": 1},
    ),
    "full_padding": Preset(
        "Every place where kernel and input meet in at least one cell: the output grows by the kernel less one.",
        SMALL | {"input_size": "5", "padding": 2},
    ),
    "strides": Preset(
        "The window moves two cells at a time: 2×2 outputs where stride 1 makes 3×3.",
        SMALL | {"input_size": "5", "stride": 2},
    ),
    "padding_and_strides": Preset(
        "Padding by 1 and stride 2: 5×5 becomes 3×3, and the window reaches all four corners.",
        SMALL | {"input_size": "5", "padding": 1, "stride": 2},
    ),
    "odd": Preset(
        "6 + 2 − 3 is no multiple of 2: after its last stop the window has a row and a column left that it never reads.",
        SMALL | {"input_size": "6", "padding": 1, "stride": 2},
    ),
    "dilation": Preset(
        "The kernel's cells lie two apart: nine weights see a field of 5×5.",
        SMALL | {"input_size": "7", "dilation": 2},
    ),
    "depthwise": Preset(
        "As many groups as channels: each filter sees one colour only, and none are added up.",
        {"input_size": "8", "channels": "3", "filters": 3, "groups": "3", "kernel": "sobel_x", "padding": 1},
    ),
    "one_by_one": Preset(
        "A kernel of one cell looks at no neighbours: it mixes the channels, at each place alike.",
        SMALL | {"input_size": "5", "channels": "3", "filters": 2, "kernel_size": 1},
    ),
    "grey_from_colours": Preset(
        "Weights 0.299, 0.587 and 0.114 in a 1×1 kernel turn red, green and blue into brightness.",
        {"input": "fruit", "input_size": "8", "channels": "3", "kernel": "brightness", "kernel_size": 1},
    ),
    "sobel_on_a_photograph": Preset(
        "Right less left, smoothed from top to bottom: vertical edges light up. The enlarged part shows the numbers.",
        {"input": "boat", "input_size": "64", "kernel": "sobel_x", "padding": 1},
    ),
    "eight_filters": Preset(
        "A whole first layer: 32×32 in colour under eight filters. 216 weights make 8,192 numbers.",
        {"input": "cat", "input_size": "32", "channels": "3", "filters": 8, "kernel": "sobel_x", "padding": 1},
    ),
}

USUAL_POOLING = {
    "input": "digit",
    "input_size": "8",
    "channels": "1",
    "pooling": "max",
    "per_axis": False,
    "kernel_size": 2,
    "stride": 2,
    "padding": 0,
    "dout": "ones",
    "broken": False,
}
POOLING = {
    "two_by_two": Preset("The usual pooling: three of four activations are dropped, and no two windows overlap."),
    "overlapping_stride_2": Preset(
        "Neighbouring windows share a row or a column: a cell may win twice, and then collects two gradients.",
        {"input": "shuffled_numbers", "input_size": "7", "kernel_size": 3, "dout": "random"},
    ),
    "overlapping_stride_1": Preset(
        "Every cell lies under up to nine windows: one large number may win them all.",
        {"input": "shuffled_numbers", "input_size": "6", "kernel_size": 3, "stride": 1, "dout": "random"},
    ),
    "ties_on_purpose": Preset(
        "Zeros, ones and twos only: where several cells share the maximum, the first gets all of the gradient, as "
        "PyTorch's max_pool2d does it.",
        {"input": "few_numbers", "input_size": "6", "kernel_size": 3, "stride": 2},
    ),
    "overwriting": Preset(
        "A well-known slip, on purpose: each window overwrites what another one has left in dx. Walk the backward pass.",
        {
            "input": "shuffled_numbers",
            "input_size": "6",
            "kernel_size": 3,
            "stride": 1,
            "dout": "random",
            "broken": True,
        },
    ),
    "average": Preset(
        "The mean of each window: nothing wins, and backward each cell gets an equal share.", {"pooling": "average"}
    ),
    "a_photograph": Preset(
        "Max pooling in colour, each channel by itself: half as wide, half as high, still a lake.",
        {"input": "lake", "input_size": "32", "channels": "3"},
    ),
}

USUAL_TRANSPOSED = {
    "input_size": "3",
    "channels": "1",
    "filters": 1,
    "per_axis": False,
    "input": "few_numbers",
    "kernel": "whole_numbers",
    "kernel_size": 3,
    "stride": 1,
    "padding": 0,
    "output_padding": 0,
    "dout": "random",
}
TRANSPOSED = {
    "enlarging": Preset(
        "Each input number is spread over a 3×3 window of the output; the windows lie two apart: 3×3 becomes 7×7.",
        {"stride": 2},
    ),
    "no_padding": Preset("The way back from 2×2 to the 4×4 that a 3×3 kernel came from.", {"input_size": "2"}),
    "arbitrary_padding": Preset(
        "Padding works the other way round here: two rows and columns are cut off each side of the output.",
        {"input_size": "6", "kernel_size": 4, "padding": 2},
    ),
    "half_padding": Preset("With padding 1 and a 3×3 kernel, 5×5 stays 5×5.", {"input_size": "5", "padding": 1}),
    "full_padding": Preset(
        "The output is smaller than the input: the way back from a full convolution.", {"input_size": "7", "padding": 2}
    ),
    "strides": Preset("2×2 becomes 5×5: the windows lie two apart.", {"input_size": "2", "stride": 2}),
    "padding_and_strides": Preset("3×3 becomes 5×5, with a cell cut off each side.", {"stride": 2, "padding": 1}),
    "odd": Preset(
        "A convolution with stride 2 makes 3×3 from 5×5 and from 6×6 alike; output padding says which one to go back to.",
        {"stride": 2, "padding": 1, "output_padding": 1},
    ),
}

USUAL_IM2COL = {
    "input": "few_numbers",
    "input_size": "4",
    "channels": "1",
    "filters": 2,
    "kernel": "whole_numbers",
    "kernel_size": 2,
    "bias": "0",
    "stride": 1,
    "padding": 0,
    "dilation": 1,
}
IM2COL = {
    "two_filters": Preset("Nine windows of four numbers: a matrix of 4 rows and 9 columns, from 16 numbers."),
    "in_colour": Preset(
        "With three channels a column holds the window of all three, one under the other.",
        {"channels": "3"},
    ),
    "padded": Preset(
        "Sixteen windows of nine numbers: the matrix holds nine times as many numbers as the input.",
        {"kernel_size": 3, "padding": 1},
    ),
    "stride_2": Preset("Fewer windows, fewer columns: no number is copied twice.", {"stride": 2}),
    "one_by_one": Preset(
        "With one cell a window the matrix is the input itself, a row for each channel.",
        {"channels": "3", "kernel_size": 1},
    ),
}
