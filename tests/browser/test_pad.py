"""Drawing by hand in a real browser: by mouse, finger and keys; the network reads it, and its answer follows the pen."""

from playwright.sync_api import expect

from tests.drawn_digits import HANDS
from tests.waiting import until
from tools.browser import open_page, settle

ROUND = HANDS["round"]
BOARD = "/network?source=drawn"


def points(page, stroke, scale=1.0, shift=(0.0, 0.0)):
    """A stroke's points on the page, of a board that is as large as it is shown."""
    box = page.locator(".board").bounding_box()
    return [
        (
            box["x"] + (scale * x + shift[0]) / 100 * box["width"],
            box["y"] + (scale * y + shift[1]) / 100 * box["height"],
        )
        for x, y in stroke
    ]


def draw(page, strokes, scale=1.0, shift=(0.0, 0.0)):
    for stroke in strokes:
        first, *others = points(page, stroke, scale, shift)
        page.mouse.move(*first)
        page.mouse.down()
        for point in others:
            page.mouse.move(*point)
        page.mouse.up()


def answer(page):
    """What is said of the drawing as it stands there now, which may be before the page around follows."""
    until(lambda: page.locator(".pad").evaluate("({ pad }) => pad.answered === pad.count"))
    return page.locator(".pad .said").inner_text()


def followed(page):
    """The same, once the page around has followed."""
    expect(page.locator(".pad")).to_have_attribute("data-shown", "true")
    return answer(page)


def clear(page):
    page.locator(".pad .clear").click()
    assert answer(page).startswith(NOTHING)


def open_anew(page):
    """Look at another picture, and come back."""
    for source, boards in (("the test pictures", 0), ("your drawing", 1)):
        page.get_by_role("combobox", name="picture from").click()
        page.get_by_role("option", name=source).click()
        expect(page.locator(".board")).to_have_count(boards)
    settle(page)


NOTHING = "Nothing is drawn yet"


def test_ten_digits_drawn_by_mouse_are_read_some_of_them_small_or_in_a_corner(page, address):
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, address + BOARD)
    box = page.locator(".pad").bounding_box()
    assert box["y"] + box["height"] < 350  # there is room for the network below
    expect(page.locator(".pad .words")).to_contain_text("by the weights chosen above")  # whatever it learns below
    read = []
    for digit in range(10):
        assert answer(page).startswith(NOTHING)
        draw(page, ROUND[digit])
        read.append(f"like: {digit}," in answer(page))
        clear(page)
    assert sum(read) >= 9, read
    small = []
    for digit, scale, shift in ((2, 0.5, (0, 0)), (3, 0.5, (48, 48)), (5, 1.0, (-28, 15)), (8, 0.5, (45, 5))):
        draw(page, ROUND[digit], scale, shift)
        small.append(f"like: {digit}," in answer(page))
        clear(page)
    assert all(small), small
    # While the pen is down, the answer follows it; the page around does not yet.
    first, *others = points(page, ROUND[3][0])
    page.mouse.move(*first)
    page.mouse.down()
    said = set()
    for point in others:
        page.mouse.move(*point, steps=6)
        said.add(page.locator(".pad .said").inner_text())
        page.wait_for_timeout(60)
    page.wait_for_timeout(600)  # nor while the pen is held still
    expect(page.locator(".pad")).to_have_attribute("data-shown", "false")
    assert len(said) >= 4, said
    page.mouse.up()
    assert "like: 3," in followed(page)
    # Undo takes the last stroke, and it does not come back, also when the board is opened anew.
    draw(page, [[(10, 10), (20, 12)]])
    expect(page.locator(".pad .state")).to_have_text("Pen up, 2 strokes.")
    followed(page)
    page.locator(".pad .undo").click()
    assert "like: 3," in followed(page)
    open_anew(page)
    expect(page.locator(".pad .state")).to_have_text("Pen up, 1 stroke.")
    assert "like: 3," in answer(page)


def test_it_is_drawn_by_keys(page, address):
    """A seven with a bar: right, down and to the left; then the bar. Two arrow keys at a time go aslant."""
    open_page(page, address + BOARD)
    board = page.locator(".board")
    board.focus()

    def hold(*keys, times):
        *held, last = keys
        for key in held:
            page.keyboard.down(key)
        for _ in range(times - len(held)):
            page.keyboard.down(last)
        for key in keys:
            page.keyboard.up(key)

    state = page.locator(".pad .state")
    hold("ArrowUp", times=12)
    hold("ArrowLeft", times=7)
    page.keyboard.press(" ")
    expect(state).to_have_text("Pen down, 1 stroke.")
    hold("ArrowRight", times=14)
    hold("ArrowDown", "ArrowLeft", times=8)
    hold("ArrowDown", times=14)
    page.keyboard.press(" ")
    expect(state).to_have_text("Pen up, 1 stroke.")
    hold("ArrowUp", times=10)
    hold("ArrowLeft", times=5)
    page.keyboard.press("Enter")
    hold("ArrowRight", times=10)
    page.keyboard.press("Escape")
    expect(state).to_have_text("Pen up, 2 strokes.")
    assert "like: 7," in followed(page)
    page.keyboard.press("Backspace")
    expect(state).to_have_text("Pen up, 1 stroke.")
    page.keyboard.press("Delete")
    expect(state).to_have_text("Pen up, 0 strokes.")
    assert followed(page).startswith(NOTHING)
    assert board.evaluate("board => board.getRootNode().activeElement === board")
    # The focus goes on to the buttons; pressed, they keep it.
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert board.evaluate("board => board.getRootNode().activeElement.className") == "undo"


def test_it_is_drawn_by_a_finger_on_a_phone(new_page, address):
    page = new_page(390, theme="dark", has_touch=True)
    open_page(page, address + BOARD)
    page.locator(".board").scroll_into_view_if_needed()
    session = page.context.new_cdp_session(page)

    def touch(kind, *at):
        fingers = [dict(zip("xy", point, strict=True)) for point in at]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    before = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    for stroke in ROUND[5]:
        first, *others = points(page, stroke[::-1])  # upwards: a page that scrolls would scroll down
        touch("touchStart", first)
        for point in others:
            touch("touchMove", point)
        touch("touchEnd")
    assert "like: 5," in answer(page)
    # A finger draws, nothing scrolls.
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == before
    for part in (".board", ".middle", ".answer", ".words"):
        box = page.locator(f".pad {part}").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    open_anew(page)
    assert "like: 5," in answer(page)
    expect(page.locator(".pad .state")).to_have_text("Pen up, 2 strokes.")
