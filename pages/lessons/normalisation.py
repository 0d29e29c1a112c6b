"""Batch, layer, group and instance norm on one real tensor: which numbers share a mean, and what becomes of each."""

import streamlit as st

from cnn_core.walks.norm_graph import NORMS
from cnn_core.walks.norm_running import running_averages
from pages.address import messages
from pages.address.book import book
from pages.controls import settings
from pages.controls.places import near
from pages.controls.segments import segments
from pages.sections.norm_batches import batch_sizes
from pages.sections.norm_code import norm_code
from pages.sections.norm_facts import facts
from pages.sections.norm_running import settling_averages
from pages.sections.norm_tensor import CONSTANT, MAPS, MOST, OWN, UNITS, activations, test_pictures
from pages.sections.norm_walk import norm_walk
from pages.server import runs

SETS = {
    "batch": "a channel of **all pictures of the batch** shares one mean and one variance. In use there may be no batch: running "
    "averages from training take their place.",
    "layer": "all channels of **one picture** share one mean and one variance, whatever other pictures there are.",
    "group": "a **group of channels of one picture** shares one mean and one variance.",
    "instance": "a **channel of one picture** has a mean and a variance of its own.",
}
IN_USE = (
    "mean and variance are **running averages** of training (here {} batches of {}), the same whatever batch is shown."
)
ENDS = {
    1: " With 1 group mean and variance are those of **layer norm**, whose γ and β are one for each number, not each channel.",
    0: " With as many groups as channels that is **instance norm**.",
}
ALONE = " With a batch of one that is **instance norm**."

st.markdown(
    "Every norm subtracts a **mean** and divides by a **standard deviation**, then scales by γ and shifts by β, which are "
    "learned. They differ in **which numbers share a mean**."
)
run = runs.current_run()
own = [OWN] if run is not None and run.latest else []
with book().head or st.container():
    tensor = settings.choice(
        "tensor",
        "tensor",
        [MAPS, CONSTANT, UNITS, *own],
        listed=True,
        help="What is normalised: a layer's output, (N, C, H, W).",
    )
with near():
    norm = segments("norm", "norm", list(NORMS))
    batch = settings.whole("batch size", "batch_size", 1, MOST, MOST, help="How many pictures: the N of (N, C, H, W).")
    try:
        most = max(0, test_pictures(tensor, run) - MOST)
        first = settings.whole(
            "first picture", "picture", 0, most, 0, help="The batch: test pictures from this one on."
        )
        given = activations(tensor, batch, run, first)
    except (ValueError, OSError) as error:
        messages.error(error)
        st.stop()
    channels = given.x.shape[1]
    groups, mode, ends = 1, "train", ""
    if norm == "group":
        divisors = [str(n) for n in range(1, channels + 1) if channels % n == 0]
        usual = divisors[max(0, len(divisors) // 2 - 1)]
        groups = int(
            settings.scale("groups", "groups", divisors, usual, help=f"They must divide the {channels} channels.")
        )
        ends = ENDS.get(groups % channels, "")
    if norm == "batch":
        mode = segments("mode", "mode", ["train", "test"])
        ends = ALONE if len(given.x) == 1 else ""

if mode == "test":
    st.markdown(f"**Batch norm in use**: {IN_USE.format(*given.batches.shape[:2])}")
else:
    st.markdown(f"**{norm.capitalize()} norm**: {SETS[norm]}{ends}")
try:
    running = None
    if mode == "test":
        averages = running_averages(given.batches, "pytorch")
        running = averages.mean[-1], averages.variance[-1]
    norm_walk(norm, given, groups, running)
except ValueError as error:
    messages.error(error)
st.caption(given.words)
facts(given)
try:
    settling_averages(given)
except ValueError as error:  # a data set of a single picture, say: a batch norm learns nothing from it
    messages.error(error)
batch_sizes()
norm_code()
