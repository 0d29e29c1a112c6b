"""Train the three-layer network and watch it learn."""

from collections.abc import Callable

import streamlit as st

from cnn_core import datasets
from cnn_core.training import Run, TrainingConfig
from pages.controls import messages
from pages.controls.runs import PACES, USUAL_PACE, current_run, own_run, registry, remember, training_settings
from pages.figures.curves import accuracy_curve, loss_curve
from pages.figures.pixels import as_url
from pages.figures.sheets import filter_sheet, picture_sheet

REFRESH = 0.5  # seconds between two looks at a running training

st.title("Train")
st.markdown(
    "The network starts with random weights. At each **step** it sees a small batch of pictures, measures how wrong it is (the "
    "**loss**), and moves every weight a little against its gradient. Press **Start** and watch its filters take shape."
)

with st.sidebar:
    st.header("Training")
    try:
        config = training_settings()
    except ValueError as error:
        messages.error(error)
        st.stop()
st.session_state.setdefault("pace", USUAL_PACE)
theme = st.context.theme.type or "light"
data = datasets.load(config.dataset)
shown = current_run()


def start() -> None:
    """A new run with the settings of the sidebar; one that this visitor started and that still goes on is stopped."""
    if (running := own_run()) is not None:
        running.stop()
    remember(registry().start(config, PACES[st.session_state.get("pace", USUAL_PACE)]))


def change_pace() -> None:
    """What the list of paces says now holds for the run on this page."""
    if (run := current_run()) is not None:
        run.set_pace(PACES[st.session_state["pace"]])


def describe(config: TrainingConfig) -> str:
    """A training's settings in a line."""
    return (
        f"{config.dataset}: {config.num_filters} filters {config.filter_size}×{config.filter_size}, {config.hidden_dim} "
        f"hidden units, {config.update_rule} at {config.learning_rate:g}, batches of {config.batch_size}, "
        f"reg {config.reg:g}, seed {config.seed}"
    )


def status(run: Run) -> str:
    """Where the run is, in a line."""
    done, total = len(run.records), run.iterations
    step = f"step {done} of {total}, epoch {run.records[-1].epoch} of {run.config.num_epochs}" if done else "starting"
    match run.state:
        case "queued":
            return f"waiting: all cores are training; {registry().waiting_before(run)} before this one"
        case "finished":
            return f"finished after {done} steps"
        case "stopped":
            return f"stopped at {step}" if done else "stopped before the first step"
        case "diverged" | "failed":
            return f"{run.state}: {run.message}"
        case "paused" if run.message:
            return f"{run.message}: {step}"
    return f"{run.state}: {step}"


def interval(run: Run | None) -> float | None:
    """Seconds until another look may show something new; None: never. A paused run may be resumed from another tab."""
    if run is None or run.ended:
        return None
    return 4 * REFRESH if run.state == "paused" else REFRESH


def show() -> None:
    """Buttons, curves and filters; runs again by itself while a training goes on."""
    run = current_run()
    columns = st.columns([1, 1, 1, 2], vertical_alignment="bottom")
    fresh = run is None or run.ended

    def button(place: int, label: str, icon: str, action: Callable[[], None] | None, *, primary: bool = False) -> None:
        columns[place].button(
            label,
            key=label.split()[0].lower(),
            icon=f":material/{icon}:",
            type="primary" if primary else "secondary",
            on_click=action,
            disabled=action is None,
            width="stretch",
        )

    button(0, "Start" if run is None else "Start anew", "play_arrow", start, primary=fresh)
    if run is not None and run.state == "paused":
        button(1, "Resume", "resume", run.resume, primary=True)
    else:
        button(1, "Pause", "pause", None if run is None or fresh else run.pause)
    button(2, "Stop", "stop", None if run is None or fresh else run.stop)
    if run is not None and not run.ended:  # the list shows the run's pace, whoever set it
        st.session_state["pace"] = next(name for name, pace in PACES.items() if pace == run.pace)
    columns[3].selectbox(
        "pace",
        list(PACES),
        key="pace",
        on_change=change_pace,
        help="How fast the training goes, so that it can be watched.",
    )

    if run is None:
        before_the_start()
        return
    if run.state in ("diverged", "failed"):
        messages.error(status(run))
    else:
        st.progress(min(1.0, len(run.records) / run.iterations) if run.iterations else 0.0, text=status(run))
    st.caption(f"This training: {describe(run.config)}.")
    if run.config != config:
        st.info("The settings were changed since this training started: **Start anew** uses them.")

    last = next((r for r in reversed(run.records) if r.val_accuracy is not None), None)
    classes = datasets.load(run.config.dataset).num_classes
    if last is not None and last.val_accuracy is not None and last.val_accuracy < 1.5 / classes:
        st.info(
            f"After {last.epoch} epoch(s) no better than guessing one of {classes} classes. If the loss jumps or grows, try a "
            f"tenth of the learning rate; if it hardly moves, ten times as much."
        )
    when = f"As of the end of epoch {last.epoch}." if last else "At the end of each epoch."
    numbers = st.columns(4)
    numbers[0].metric("loss", f"{run.records[-1].loss:.3f}" if run.records else "–")
    numbers[1].metric("training accuracy", f"{last.train_accuracy or 0:.1%}" if last else "–", help=when)
    numbers[2].metric("validation accuracy", f"{last.val_accuracy or 0:.1%}" if last else "–", help=when)
    numbers[3].metric(
        "test accuracy",
        "–" if run.test_accuracy is None else f"{run.test_accuracy:.1%}",
        help="On pictures never looked at before, measured once, at the end.",
    )
    left, right = st.columns(2)
    left.plotly_chart(loss_curve(run.records), key="loss_curve", config={"displayModeBar": False})
    right.plotly_chart(accuracy_curve(run.records), key="accuracy_curve", config={"displayModeBar": False})

    filters = run.filters if run.filters is not None else run.config.model().params["W1"]
    st.subheader("The filters now")
    st.plotly_chart(filter_sheet(filters, theme), key="filter_sheet", config={"displayModeBar": False})
    st.caption(sheet_caption(len(filters), filters.shape[1], len(run.records)))
    if run.params:
        st.page_link("lessons/filters.py", label="See what they make of a picture", icon=":material/arrow_forward:")
    if interval(run) != watching or (shown is None or run.id != shown.id):
        st.rerun()  # the page decides how often to look; it has something new to decide


def sheet_caption(count: int, channels: int, steps: int) -> str:
    """What the sheet of filters shows."""
    colours = "red, green and blue around mid-grey" if channels == 3 else "blue below 0, orange above"
    return f"the {count} kernels of the first layer after {steps} steps: {colours}"


def before_the_start() -> None:
    """What will be trained, on what: so that the page shows something before the first click."""
    model = config.model()
    left, right = st.columns(2)
    with left:
        st.subheader("The network")
        layers = [
            {
                "layer": layer.name,
                "output": " × ".join(map(str, layer.output_shape)),
                "numbers to learn": layer.parameters,
            }
            for layer in model.layers
        ]
        st.dataframe(layers, hide_index=True, key="layers")
        total = sum(layer.parameters for layer in model.layers)
        st.markdown(f"Together **{total:,} numbers** to learn, weights and biases.")
    with right:
        st.subheader("The pictures")
        st.image(
            as_url(picture_sheet(data.train.x[:60])),
            caption=f"{data.title}: {len(data.train.x):,} to learn from, {len(data.val.x)} to check on the way, "
            f"{len(data.test.x)} for the end. Classes: {', '.join(data.class_names)}.",
        )
    st.subheader("The filters before training")
    weight = model.params["W1"]
    st.plotly_chart(filter_sheet(weight, theme), key="first_filters", config={"displayModeBar": False})
    st.caption(sheet_caption(len(weight), weight.shape[1], 0))


watching = interval(shown)
st.fragment(show, run_every=watching)()
