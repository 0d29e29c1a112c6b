"""The small trained network that comes with the app."""

from __future__ import annotations

import streamlit as st

from cnn_core.network import Network
from cnn_core.training import TrainingConfig


@st.cache_resource(show_spinner="Training the standard network: 250 steps, about a second")
def shipped_network() -> tuple[Network, TrainingConfig]:
    """The network, which nobody may write to, and the settings of its training."""
    config = TrainingConfig()
    solver = config.solver()
    for _ in solver.steps():
        pass
    assert isinstance(solver.model, Network)
    return solver.model, config
