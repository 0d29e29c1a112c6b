"""Starting a training from its page, and reading what the page says of it."""

from pages.server.runs import PACES
from tests.app.lesson import as_read, open_lesson

SMALL = {"block_1_num_filters": "2", "hidden_1": "4", "batch_size": "200", "num_epochs": "1"}  # 7 steps
LONG = {**SMALL, "num_epochs": "50"}
SLOW, _, FAST = PACES


def press(app, key):
    return app.button(key=key).click().run()


def anew(app, key="start"):
    """Start another training, and say so where the page asks because one goes on."""
    press(app, key)
    return press(app, "anew") if "anew" in [button.key for button in app.button] else app


def start(registry, pace=FAST, **settings):
    """The page after Start, and the run that this made."""
    before = set(registry._runs)
    app = open_lesson("train", **settings)
    app.selectbox(key="pace").set_value(pace)
    press(app, "start")
    (run_id,) = set(registry._runs) - before
    return app, registry.get(run_id)


def buttons(app):
    """The buttons that steer, and whether they can be pressed."""
    steer = ("start", "pause", "step", "epoch", "stop")
    return {button.key: not button.disabled for button in app.button if button.key in steer}


def label(app, key):
    return app.button(key=key).label.strip("*")


def progress(app):
    return as_read(app.get("progress")[0].proto.text).split(" · ")[-1]  # behind the run's name


def view(app, name, key="view"):
    """Show one of the views."""
    (row,) = [group for group in app.button_group if group.key == key]
    return row.set_value(name).run()
