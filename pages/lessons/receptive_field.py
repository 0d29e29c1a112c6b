"""A stack of layers: what a cell high up sees of the input."""

import streamlit as st

from cnn_core.receptive_field import receptive_fields, smallest_input
from pages.animation.receptive import receptive
from pages.controls.stack import fitting, pin, pinned_cell, stack
from pages.controls.words import word_of
from pages.sections.code import stack_code

CHANNELS = 64  # for the count of weights

st.markdown(
    "A cell is made from a window of the feature map before it, the cells in there from windows of the one before that. All "
    "that it sees of the input in the end is its **receptive field**: the stronger the colour, the more **paths** lead there."
)

with st.sidebar:
    st.header("Stack")
    input_size, chosen = stack()
layers = fitting(chosen, input_size)
if len(layers) < len(chosen):
    st.caption("Until that is mended, here are the feature maps below this layer.")
windows = [layer.window for layer in layers]
names = [f"{word_of('kind', layer.kind)}{number}" for number, layer in enumerate(chosen, 1)]
fields = receptive_fields(windows, input_size)
receptive(
    windows,
    input_size,
    names=names[: len(layers)],
    notes=[layer.words for layer in layers],
    key="stack",
    pinned=pinned_cell([field.map_size for field in fields]),
    on_pinned=pin,
)

st.subheader("How large is the field?")
st.latex(
    r"\begin{aligned} j_l &= j_{l-1} \cdot \text{stride}_l \\"
    r" r_l &= r_{l-1} + \text{dilation}_l \cdot (\text{kernel}_l - 1) \cdot j_{l-1} \end{aligned}"
)
st.markdown(
    "The **jump** $j$ is how far two neighbouring cells of a feature map lie apart on the input; the **field** $r$ grows by the "
    "reach of the kernel times the jump of the map that it slides over. Both begin at 1, with the input itself."
)
rows = [f"| input | {input_size}×{input_size} | $1$ | $1$ |"]
# Jump and field do not depend on the input: of a layer that does not fit, they are what they would be on a larger one.
every = [layer.window for layer in chosen]
large = receptive_fields(every, max(input_size, *smallest_input(every)))
for number, (name, layer, below, field) in enumerate(zip(names, chosen, large, large[1:], strict=False), 1):
    gap = "" if layer.dilation == 1 else rf"{layer.dilation} \cdot "
    size = "×".join(map(str, fields[number].map_size)) if number < len(fields) else "does not fit"
    # Braces keep a formula in one line: where the column is narrow, it may break before the equals sign only.
    rows.append(
        rf"| {name} | {size} | ${{{below.jump[0]} \cdot {layer.stride}}}$ $= {field.jump[0]}$ "
        rf"| ${{{below.size[0]} + {gap}({layer.kernel_size} - 1) \cdot {below.jump[0]}}}$ $= {field.size[0]}$ |"
    )
st.markdown("\n".join(["| layer | feature map | jump $j$ | receptive field $r$ |", "|---|---|---|---|", *rows]))

st.subheader("Why small kernels in a stack?")
st.markdown(
    f"Three 3×3 convolutions see 7×7 cells, as one of 7×7 does. With $C$ channels everywhere they have "
    f"${{3 \\cdot 9 \\, C^2}}$ ${{= 27 \\, C^2}}$ weights instead of ${{49 \\, C^2}}$: for ${{C = {CHANNELS}}}$, "
    f"**{27 * CHANNELS**2:,}** instead of **{49 * CHANNELS**2:,}**, and a ReLU after each of the three. The price: paths crowd "
    f"in the middle of the field. What counts in practice, the *effective* receptive field, is smaller than the formula "
    f"says (Luo et al. 2016)."
)

stack_code([(layer.kind, layer.window) for layer in layers], input_size)
