"""plane.js in a real Chromium: what is moved along is what would be drawn anew, and a cell is found where it was drawn."""

import pytest

from tests.browser.scripted import with_modules

SIZE, LENS = [9, 11], [4, 5]


@pytest.fixture
def page(new_page):
    page = with_modules(new_page())
    page.evaluate(
        """([rows, columns]) => {
          document.body.style.margin = "13px";
          const counts = Array.from({ length: 2 * rows * columns }, (_, k) => ((k * 37) % 200) - 100);
          window.grid = { counts, rows, columns, size: rows * columns, channels: 2, scale: 10, peak: 100, looks: "signed" };
          window.colours = readColours(document.body, Object.keys(SCALES)[0]);
          window.plane = (cell, options = {}, channel = 0) => {
            const made = new Plane(document.body);
            made.take(grid, channel, options);
            made.resize(cell);
            made.draw(colours);
            return made;
          };
          window.pixel = ({ canvas }, x, y) => {
            const ratio = window.devicePixelRatio;
            return [...canvas.getContext("2d").getImageData(x * ratio, y * ratio, 1, 1).data];
          };
        }""",
        SIZE,
    )
    return page


@pytest.mark.parametrize("cell", [24, 9])
def test_a_lens_that_is_moved_along_shows_what_one_drawn_there_shows(page, cell):
    moves = [(0, 0, 0), (0, 1, 1), (0, 1, 4), (0, 6, 3), (1, 6, 3), (1, 5, 9), (0, 0, 0), (1, 8, 8)]
    same = page.evaluate(
        """([cell, lens, moves]) => {
          const moved = plane(cell, { lens });
          return moves.map(([channel, row, column]) => {
            if (!moved.look(channel, row, column, [2, 2])) moved.draw(colours);
            const fresh = plane(cell, { lens }, channel);
            fresh.look(channel, row, column, [2, 2]);
            fresh.draw(colours);
            return moved.canvas.toDataURL() === fresh.canvas.toDataURL();
          });
        }""",
        [cell, LENS, moves],
    )
    assert same == [True] * len(moves)


@pytest.mark.parametrize(("lens", "look"), [(None, (0, 0)), (LENS, (5, 6))])
@pytest.mark.parametrize("cell", [24, 10, 4])
def test_a_cell_is_found_where_it_was_drawn(page, cell, lens, look):
    found = page.evaluate(
        """([cell, lens, look]) => {
          const it = plane(cell, lens ? { lens } : {});
          it.look(0, ...look, [1, 1]);
          const box = it.canvas.getBoundingClientRect();
          return Array.from({ length: grid.size }, (_, index) => {
            const at = it.place(index);
            const middle = (edge, start) => edge + start + (cell - it.gap) / 2;
            return at && [index, it.cellAt({ clientX: middle(box.left, at[0]), clientY: middle(box.top, at[1]) })];
          }).filter(Boolean);
        }""",
        [cell, lens, look],
    )
    rows, columns = lens or SIZE
    assert len(found) == rows * columns
    assert all(drawn == pointed for drawn, pointed in found)


@pytest.mark.parametrize("cell", [12, 5])
def test_each_cell_has_the_colour_of_its_number_and_what_is_not_known_yet_has_none(page, cell):
    found = page.evaluate(
        """(cell) => {
          const it = plane(cell, { shown: (channel, index) => index % 3 > 0 }, 1);
          return Array.from({ length: grid.size }, (_, index) => {
            const [x, y] = it.place(index);
            return [pixel(it, x + cell / 2, y + cell / 2), shade(grid.counts[grid.size + index] / 100, "signed", colours)];
          });
        }""",
        cell,
    )
    for index, (seen, wanted) in enumerate(found):
        if index % 3:
            assert seen == [*wanted, 255]
        else:
            assert seen in ([255, 255, 255, 255], [0, 0, 0, 0])


def test_the_frame_lies_around_the_cells_it_marks(page):
    found = page.evaluate(
        """([lens]) => {
          const it = plane(20, { lens });
          it.look(0, 4, 4, [2, 3]);
          it.frame.style.position = "absolute";
          it.box.style.position = "relative";
          it.mark({ top: 4, left: 5, rows: 2, columns: 3 });
          const [frame, box] = [it.frame.getBoundingClientRect(), it.canvas.getBoundingClientRect()];
          const first = it.place(4 * grid.columns + 5);
          const lies = [frame.left - box.left, frame.top - box.top, frame.width, frame.height];
          const seen = it.frame.style.visibility;
          it.mark(undefined);
          return [lies, [first[0] - 1, first[1] - 1, 61, 41], seen, it.frame.style.visibility];
        }""",
        [LENS],
    )
    lies, wanted, seen, after = found
    assert lies == wanted
    assert (seen, after) == ("visible", "hidden")


def test_a_number_that_came_out_wrong_has_a_red_corner(page):
    corners = page.evaluate(
        """() => {
          grid.right = [...grid.counts];
          grid.right[7] += 1;
          const it = plane(24);
          return [7, 8].map((index) => { const [x, y] = it.place(index); return pixel(it, x + 21, y + 1) });
        }"""
    )
    assert corners[0] == [208, 59, 59, 255]
    assert corners[1] != corners[0]
