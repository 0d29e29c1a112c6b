"""The yardstick of `benchmarks.load`: the smallest app that one can move, what Streamlit itself costs."""

import streamlit as st

st.write(st.slider("number", 0, 100, 50, key="number"))
