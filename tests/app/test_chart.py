"""What a chart sends to the browser."""

import json

from streamlit.testing.v1 import AppTest

from tests.app.lesson import charts


def script():
    import numpy as np

    from pages.animation.chart import chart

    chart(
        {"data": [{"y": [1.0, float("nan"), float("inf")], "z": np.eye(2)}], "layout": {"height": 200}}, key="a_chart"
    )


def refuse(word):
    raise ValueError(f"a browser cannot read {word}")


def test_a_figure_is_json_that_a_browser_can_read():
    app = AppTest.from_function(script).run()
    assert charts(app)["a_chart"] == {
        "data": [{"y": [1, None, None], "z": [[1, 0], [0, 1]]}],
        "layout": {"height": 200},
    }
    (data,) = json.loads(app.get("bidi_component")[0].proto.json)
    json.loads(data["figure"], parse_constant=refuse)
    assert data["alt"] == "a chart"
