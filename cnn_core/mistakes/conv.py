"""Mistakes in convolution, most of them in its backward pass."""

from __future__ import annotations

from cnn_core.conv import conv2d_backward_naive, conv2d_forward_naive
from cnn_core.mistakes.cases import gradient_case
from cnn_core.mistakes.mistake import Edit, Mistake

ONE, KERNEL, BIAS = (1, 1, 5, 5), (1, 1, 3, 3), (1,)
_PLACE = "where = (n, slice(first, first + per_group_in), slice(top, top + ph, dh), slice(left, left + pw, dw))"
_END = "return window.crop(dpadded), dweight, dbias"

CONV = (
    Mistake(
        id="conv-not-cropped",
        level=1,
        name="The padding is not cut off dx",
        family="conv",
        edits=(Edit(conv2d_backward_naive, _END, "return dpadded, dweight, dbias"),),
        hint="What shape must dx have?",
        shows="With padding, dx is as large as the padded input. Where code goes on with a part of it, all is shifted.",
        misses="A check without padding; and one that looks at dweight and dbias only.",
        catches="A check of the shape of dx, with padding 1.",
        like="conv-empty-crop conv-bias-axes conv-stride-backward conv-flipped-forward",
        case=gradient_case(
            "dx of a 3×3 convolution, padding 1, input 5×5",
            conv2d_forward_naive,
            conv2d_backward_naive,
            *(ONE, KERNEL, BIAS),
            padding=1,
        ),
    ),
    Mistake(
        id="conv-empty-crop",
        level=2,
        name="The padding is cut off with `[p:-p]`, which is empty at p = 0",
        family="conv",
        edits=(
            Edit(
                conv2d_backward_naive,
                _END,
                "p = window.padding[0][0]\nreturn dpadded[:, :, p:-p, p:-p], dweight, dbias",
            ),
        ),
        hint="It is right with padding 1 and with padding 2.",
        shows="Without padding: `[0:-0]` is `[0:0]`, and holds nothing.",
        misses="The course's own check: its padding is 1.",
        catches="A check with padding 0, and one with the padding of an axis 0.",
        like="conv-not-cropped conv-bias-axes conv-stride-backward conv-dilation-weight",
        case=gradient_case(
            "dx of a 3×3 convolution without padding, input 5×5",
            conv2d_forward_naive,
            conv2d_backward_naive,
            *(ONE, KERNEL, BIAS),
        ),
    ),
    Mistake(
        id="conv-flipped-forward",
        level=3,
        name="The kernel is flipped forward, but not backward",
        family="conv",
        edits=(
            Edit(
                conv2d_forward_naive,
                "out[n, f, oy, ox] = np.sum(seen * weight[f]) + bias[f]",
                "out[n, f, oy, ox] = np.sum(seen * weight[f, :, ::-1, ::-1]) + bias[f]",
            ),
        ),
        hint="Turn one of the two maps by 180°.",
        shows="In dweight, which comes out turned by 180° (so that its middle is right), and in dx.",
        misses="Comparing the forward pass with `scipy.signal.convolve`, which flips too; symmetric kernels; 1×1 kernels.",
        catches="A gradient check with a kernel that is not symmetric.",
        like="conv-dilation-weight conv-stride-backward l2-sum-of-weights l2-without-half",
        case=gradient_case(
            "dweight of a 3×3 convolution", conv2d_forward_naive, conv2d_backward_naive, *(ONE, KERNEL, BIAS), of=1
        ),
    ),
    Mistake(
        id="conv-bias-axes",
        level=3,
        name="A gradient is summed over too few axes",
        family="conv",
        edits=(Edit(conv2d_backward_naive, _END, "return window.crop(dpadded), dweight, dout.sum(axis=(2, 3))"),),
        hint="How many numbers has the bias? Which axes of dout (N, F, OH, OW) does none of them know?",
        shows="With more than one example: dbias has a row for each, (N, F) in place of (F,).",
        misses="A check with one example: NumPy broadcasts (1, F) and (F,), and finds no difference.",
        catches="A check of the shape of dbias, with two examples or more.",
        like="conv-stride-backward pool-overwrites l2-without-half l2-sum-of-weights",
        case=gradient_case(
            "dbias of a convolution with 4 filters, for 3 pictures",
            conv2d_forward_naive,
            conv2d_backward_naive,
            *((3, 1, 4, 4), (4, 1, 3, 3), (4,)),
            of=2,
        ),
    ),
    Mistake(
        id="conv-stride-backward",
        level=2,
        name="The stride is forgotten in the backward pass",
        family="conv",
        edits=(
            Edit(
                conv2d_backward_naive,
                _PLACE,
                "where = (n, slice(first, first + per_group_in), slice(oy, oy + ph, dh), slice(ox, ox + pw, dw))",
            ),
        ),
        hint="Which part of the input gets no gradient at all?",
        shows="With a stride above 1: gradients gather at the top left, the other end gets none.",
        misses="A check with stride 1: there the window's place is its number.",
        catches="A gradient check with stride 2.",
        like="conv-not-cropped conv-flipped-forward conv-dilation-weight conv-empty-crop",
        case=gradient_case(
            "dx of a 3×3 convolution, input 7×7, output 3×3",
            conv2d_forward_naive,
            conv2d_backward_naive,
            *((1, 1, 7, 7), KERNEL, BIAS),
            stride=2,
        ),
    ),
    Mistake(
        id="conv-dilation-weight",
        level=4,
        name="The dilation is forgotten in the gradient of the weights",
        family="conv",
        edits=(
            Edit(
                conv2d_backward_naive,
                "dweight[f] += dout[n, f, oy, ox] * padded[where]",
                "near = padded[n, first : first + per_group_in, top:, left:][:, : weight.shape[2], : weight.shape[3]]\n"
                "dweight[f] += dout[n, f, oy, ox] * near",
            ),
        ),
        hint="Only the top left entry is right. Which cells of the input does it meet, and which do the others?",
        shows="In dweight with a dilation above 1: all but its first entry belong to other cells of the input. dx is right.",
        misses="Any check with dilation 1, which is all that the course has; and one that looks at dx only.",
        catches="A gradient check of all three gradients with dilation 2.",
        like="conv-flipped-forward conv-stride-backward l2-sum-of-weights conv-not-cropped",
        case=gradient_case(
            "dweight of a 3×3 convolution, input 7×7, output 3×3",
            conv2d_forward_naive,
            conv2d_backward_naive,
            *((1, 1, 7, 7), KERNEL, BIAS),
            of=1,
            dilation=2,
        ),
    ),
)
