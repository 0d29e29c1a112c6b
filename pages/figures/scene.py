"""The picture of one step of a walk-through, as a plain drawing: laid out like the browser's stage, 960 pixels wide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnn_core.checks import Array
from cnn_core.walks.walk import Walk
from pages.figures.colours import ZERO
from pages.figures.scene_items import Item, Scene, Text, text_width
from pages.figures.scene_layout import MARGIN, TITLE_SIZE, WIDTH, arrange
from pages.figures.scene_plane import INK, PlanePainter, Theme
from pages.figures.scene_words import say

WORDS_SIZE, SMALLER = 15, 12  # of the words, if they are short and if they are long; longer ones are put in short


class Reached:
    """What the steps of a walk have made, step after step: going on is cheap, going back starts anew."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self._done, self._made = 0, walk.replay(until=0)

    def to(self, step: int) -> dict[str, Array]:
        """The counts by grid once `step` is done; the arrays change with the next call."""
        if step < self._done - 1:
            self._done, self._made = 0, self.walk.replay(until=0)
        for number in range(self._done, step + 1):
            self.walk.advance(self._made, number)
        self._done = step + 1
        return self._made


class Painter:
    """Draws the steps of a walk, all with the same layout.

    titles: captions by grid name (default: the name). theme: "light" or "dark".
    """

    def __init__(self, walk: Walk, titles: Mapping[str, str], theme: Theme = "light") -> None:
        self.walk, self.theme = walk, theme
        self._layout, self._plane = arrange(walk, titles), PlanePainter(walk, theme)

    def scene(self, step: int, made: dict[str, Array]) -> Scene:
        """The picture of `step`; made: the counts once it is done, as `Reached.to` gives them."""
        ink = INK[self.theme]
        items: list[Item] = [Text(x, y, title, TITLE_SIZE, ink, bold=True) for x, y, title in self._layout.titles]
        frames: list[Item] = []
        for place in self._layout.places:
            cells, framed = self._plane.paint(place, step, made)
            items += cells
            frames += framed
        full, short = say(self.walk, step, made)
        room = WIDTH - 2 * MARGIN
        words = full if text_width(full, SMALLER) <= room else short
        y = self._layout.height + MARGIN / 2
        said = Text(MARGIN, y, words, min(WORDS_SIZE, int(room / text_width(words, 1))), ink)
        return Scene(WIDTH, round(y) + MARGIN, ZERO[self.theme], words, (*items, *frames, said))


def frame(
    walk: Walk, step: int, titles: Mapping[str, str], theme: Theme = "light", sums: dict[str, Array] | None = None
) -> Scene:
    """The picture of one step, 0 to walk.steps - 1; ValueError for another.

    titles and theme as for Painter. sums: the counts once the step is done (default: the walk is replayed).
    """
    walk.locate(step)
    return Painter(walk, titles, theme).scene(step, walk.replay(until=step + 1) if sums is None else sums)


def frames(walk: Walk, steps: Sequence[int], titles: Mapping[str, str], theme: Theme = "light") -> Iterator[Scene]:
    """The pictures of several steps, all of one size; each is drawn when it is asked for."""
    painter, progress = Painter(walk, titles, theme), Reached(walk)
    for step in steps:
        yield painter.scene(step, progress.to(step))
