"""What Streamlit shows too pale or too small: text that explains needs 7 to 1, other text 4.5, and a target 24 pixels.

Its colours, by theme light and dark, are those that `.streamlit/config.toml` cannot set.
"""

from __future__ import annotations

import re
from pathlib import Path

STYLE = re.sub(r"/\*.*?\*/\s*", "", Path(__file__).with_suffix(".css").read_text(encoding="utf-8"), flags=re.DOTALL)
