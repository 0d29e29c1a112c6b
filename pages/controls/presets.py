"""Presets of a page: each sets all of its controls to something worth seeing, and says in a sentence what that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.address import player, state
from pages.address.book import book
from pages.controls import settings
from pages.controls.words import word_of

# The reader's way of watching outlasts a change of preset.
WATCHING = player.WATCHING | {"view", "hide_controls", "run", "smooth", "each_filter", "cell", "film"}


@dataclass(frozen=True)
class Preset:
    """What it shows, and the controls' values where they are not the page's usual ones."""

    words: str
    values: dict[str, Any] = field(default_factory=dict)


class Start(Mapping[str, Any]):
    """The preset that the reader chose. `start["stride"]` is what its control begins with."""

    def __init__(
        self,
        presets: Mapping[str, Preset],
        usual: Mapping[str, Any],
        *,
        narrow: bool = False,
        former: str | None = None,
    ):
        """Show the list of presets; `usual` holds the values of all controls where a preset says nothing.

        narrow: the list stands where it is asked for, as in a sidebar, not beside the page's title. former: the preset that
        the page used to open with; links of that time leave it out, and mean it where they say anything else.
        """
        with (not narrow and book().head) or st.container():
            self.name = settings.choice(
                "preset",
                "preset",
                list(presets),
                former=former,
                help="Sets all controls; change them as you like.",
            )
        self.chosen = {**usual, **presets[self.name].values}
        self.words = presets[self.name].words
        self.note: DeltaGenerator = st.container(horizontal=not narrow, vertical_alignment="center")
        shown = f"preset_shown_{book().page}"
        if st.session_state.get(shown) not in (None, self.name):
            self.restore()  # another preset replaces what was changed
        st.session_state[shown] = self.name

    @property
    def version(self) -> int:
        """Changes whenever all controls were set anew: what was under way on the page begins anew, too."""
        return int(st.session_state.get("restored", 0))

    def __getitem__(self, key: str) -> Any:
        """What the control `key` begins with."""
        return self.chosen[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.chosen)

    def __len__(self) -> int:
        return len(self.chosen)

    def one_of(self, key: str, options: Sequence[str]) -> str:
        """What a list begins with, where not all presets' values are always possible."""
        value = str(self.chosen[key])
        return value if value in options else options[0]

    def restore(self) -> None:
        """Back to the preset's own values, also for what is not in its list (a step, an edited kernel)."""
        state.forget(state.changed() - set(self) - WATCHING - {"preset"})
        state.put(dict(self))
        st.session_state["restored"] = self.version + 1

    def tell(self, kept: frozenset[str]) -> None:
        """The preset's sentence; once something is changed, that, and the way back. kept: keys that do not count."""
        if not state.changed_now() - kept - WATCHING - {"preset"}:
            self.note.markdown(self.words)
            return
        self.note.markdown(f"Changed by you, from “{word_of('preset', self.name)}”.")
        self.note.button("Back to it", key="restore", icon=":material/undo:", on_click=self.restore)
