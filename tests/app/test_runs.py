from tests.app.lesson import calm, open_lesson


def test_x(registry):
    app = open_lesson("runs")
    print([e.message for e in app.exception], [e.stack_trace for e in app.exception])
    assert calm(app)
