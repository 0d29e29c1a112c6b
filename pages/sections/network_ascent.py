"""A picture that is made to excite a filter, with its settings."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnn_core.checks import Array
from cnn_core.features import excite
from cnn_core.network import Network
from pages.animation.gallery import gallery
from pages.controls import settings
from pages.controls.explored import Explored
from pages.figures.patches import LARGE, enlarged
from pages.figures.pixels import as_url

RATES = ("0.02", "0.05", "0.1", "0.2", "0.5")
DECAYS = ("0", "0.01", "0.03", "0.1")


def made_to_excite(seen: Explored, layer: str, number: int) -> None:
    """The picture, how much it excites, and a fold with the settings it was made with."""
    place = st.container()
    with st.popover("how it was made", type="tertiary"):
        st.markdown(
            "From noise: each step goes along the gradient of the mean answer, then takes a share off each pixel "
            "(Erhan et al., 2009; Simonyan et al., 2014)."
        )
        steps = settings.whole("steps", "steps", 0, 200, 60)
        rate = settings.scale("step size", "step_size", RATES, "0.1")
        decay = settings.scale("decay", "decay", DECAYS, "0.01", help="The share that each step takes off each pixel.")
        seed = settings.whole("seed", "seed", 0, 99, 0)
    before, x, after = _excited(seen.weights, layer, number, steps, rate, decay, seed, seen.network)
    with place:
        pixels = _shown(x)
        words = f"made to excite it: mean answer {before:.3g} → {after:.3g}"
        gallery("", [(words, as_url(pixels), *pixels.shape[:2])], 150, key="excited")


@st.cache_data(max_entries=128, show_spinner=False)
def _excited(
    key: str, layer: str, number: int, steps: int, rate: float, decay: float, seed: int, _network: Network
) -> tuple[float, Array, float]:
    """The first answer, the last picture (C, H, W) as the network takes it, and its answer."""
    made = list(excite(_network, layer, number, steps=steps, step_size=rate, decay=decay, seed=seed))
    return made[0].answer, made[-1].x, made[-1].answer


def _shown(x: Array) -> Array:
    """Numbers (C, H, W) of any size around mid-grey, as (H', W', 3) uint8."""
    reach = float(np.abs(x).max()) or 1.0
    pixels = np.rint(127.5 + 127.5 * x.transpose(1, 2, 0) / reach).astype(np.uint8)
    return enlarged(np.broadcast_to(pixels, (*pixels.shape[:2], 3)) if pixels.shape[2] == 1 else pixels, LARGE)
