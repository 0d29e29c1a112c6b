"""What a network learns from: pictures and labels, and what a training makes of them."""

import streamlit as st

from cnn_core import datasets
from cnn_core.datasets.summary import mean_picture
from cnn_core.shares import percent
from cnn_core.training.data import DataOptions, TrainingData
from pages.address import messages
from pages.animation.chart import chart
from pages.controls import settings
from pages.controls.data_options import data_options, data_values
from pages.figures.bars import count_bars
from pages.figures.pixels import as_pixels, as_url
from pages.figures.rows import picture_rows
from pages.sections.data_set import class_rows, label_counts, numbers_seen, variants
from pages.sections.more_sets import more_sets

MOST_PICTURES = 200  # to choose one of

st.markdown(
    "A network knows nothing but its **training pictures** and their **labels**. Look at them first: what differs within a "
    "class, what two classes share, how many pictures each has. Then see them as the network does: **normalised**, and "
    "changed at random by **augmentation**."
)

usual = data_values(DataOptions())
with st.sidebar:
    st.header("Data")
    names = datasets.names()
    if st.session_state.get("dataset", names[0]) not in names:  # it was removed
        del st.session_state["dataset"]
    name = settings.choice("data set", "dataset", names)
    st.caption(messages.plain(datasets.titles()[name]))
    st.header("As the network sees them")
    options = data_options(usual)
    number = settings.whole("picture", "picture", 0, MOST_PICTURES - 1, 0, help="The one that is changed below.")
try:
    dataset = datasets.load(name)
    data = TrainingData.of(dataset, options)
except ValueError as error:
    messages.error(error)
    more_sets(name)
    st.stop()

channels, height, width = dataset.image_shape
with st.container(horizontal=True, gap="medium"):
    for label, value, help in (
        ("training pictures", f"{data.num_train:,}", "The network learns from these."),
        (
            "validation pictures",
            f"{len(data.val_labels):,}",
            "Measured during training, to choose settings by. The network never learns from them.",
        ),
        ("test pictures", f"{len(dataset.test.y):,}", "Measured once, at the end."),
        ("classes", f"{dataset.num_classes}", "What the network chooses between."),
        (
            "numbers per picture",
            f"{channels * height * width:,}",
            f"{channels} × {height} × {width}: channels, rows, columns.",
        ),
    ):
        st.metric(label, value, help=help, width="content")
st.caption(messages.plain(f"{dataset.title}. Source: {dataset.source}. Licence: {dataset.licence}."))

st.subheader("The classes")
st.html(picture_rows(class_rows(dataset)))
st.caption(
    "For each class: the **mean** of its training pictures, then the first few of them. A sharp mean says that they look alike."
)

left, right = st.columns([3, 1])
with left:
    st.subheader("Class balance: how many of each?")
    parts = label_counts(data)
    chart(count_bars(parts, dataset.class_names), key="balance")
    smallest, largest = min(parts["training"]), max(parts["training"])
    wrong = int((data.labels != data.true_labels).sum())
    if wrong:
        st.caption(
            f"Label noise: {wrong:,} of the {data.num_train:,} training labels are wrong. Each picture is counted by the "
            f"label it carries."
        )
    elif largest > 1.5 * max(1, smallest):
        st.caption(
            f"Unbalanced: {smallest:,} to {largest:,} pictures per class. A network can name the largest class too often and "
            f"still be right most of the time, so look at the accuracy of each class."
        )
    else:
        each = f"{largest:,}" if smallest == largest else f"From {smallest:,} to {largest:,}"
        st.caption(
            f"{each} pictures per class: guessing is right {percent(1 / dataset.num_classes)} of the time (chance level)."
        )
with right:
    st.subheader("The mean picture")
    mean = as_url(as_pixels(mean_picture(dataset.train, dataset.num_classes)))
    st.image(mean, alt="the mean of all training pictures")
    st.caption("The mean of all training pictures: what they have in common, whatever their class.")

st.subheader("Normalisation and augmentation")
picture = dataset.train.x[number % len(dataset.train.x)]
st.markdown(numbers_seen(data, picture))
st.html(picture_rows(variants(data, picture)))
st.caption(
    "Augmentation is random: it changes each picture anew at every step, so the network never sees quite the same one twice."
)
chosen = {key: str(value) for key, value in data_values(options).items() if value != usual[key]}
st.page_link(
    "lessons/train.py",
    label="Train on these pictures",
    icon=":material/arrow_forward:",
    query_params={"dataset": name, **chosen},
)
more_sets(name)
