"""Who is at a page: not by name, only so that nobody waits behind all the runs of another one."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress

import streamlit as st

# Its value is "2|mask|masked token|time", hexadecimal; mask and masked token change, what they make does not.
COOKIE = "_streamlit_xsrf"


def visitor() -> str:
    """A word for the browser that shows this page, the same in all its tabs and after a reload; for the server's memory only.

    It is made of the token by which Streamlit tells uploads from forged ones. A browser without one counts by its tab. This
    is no log-in: who throws cookies away is somebody else, and whoever has a run's link may steer the run.
    """
    with suppress(ValueError, AttributeError):  # an AppTest has no browser
        version, mask, masked, _ = st.context.cookies.get(COOKIE, "").strip('"').split("|")
        if version == "2" and len(key := bytes.fromhex(mask)) == 4 and (token := bytes.fromhex(masked)):
            return hashlib.sha256(bytes(b ^ key[k % 4] for k, b in enumerate(token))).hexdigest()[:16]
    return str(st.session_state.setdefault("visitor", secrets.token_urlsafe(9)))
