"""What Streamlit shows too pale or too small: text that explains needs 7 to 1, other text 4.5, and a target 24 pixels.

Colours by theme, of which the first is for the light one, are only those that `.streamlit/config.toml` cannot set.
"""

from __future__ import annotations

# The name of a part of Streamlit's pages, for CSS.
PART = "[data-testid={}]".format

STYLE = " ".join(
    f"{selector} {{ {rules} }}"
    for selector, rules in {
        # Captions were 4.4 to 1, with the links and code in them; a caption explains.
        PART("stCaptionContainer"): "opacity: 1; color: color-mix(in srgb, currentcolor 85%, transparent)",
        f"{PART('stFileUploaderDropzoneInstructions')} span, {PART('stTable')} :is(th, th *)": "color: inherit",
        PART("stSliderThumbValue"): "color: inherit",
        # White on the dark theme's blue was 3.3 to 1.
        f"[data-testid^=stBaseButton-primary], {PART('stMultiSelectTagsContainer')} *": "color: light-dark(#fff, #11151c)",
        f"{PART('stCode')} .token": "color: light-dark(#1f48a6, #8fbff9) !important",
        f"{PART('stCode')} .token:is(.string, .triple-quoted-string)": "color: light-dark(#0c5a44, #7ed5b0) !important",
        f"{PART('stCode')} .token:is(.number, .operator)": "color: light-dark(#853f14, #f2a56d) !important",
        f"{PART('stCode')} .token:is(.comment, .punctuation)": "color: light-dark(#4c515b, #a9b0bd) !important",
        # Labels of boxes were 21 pixels high, the signs for help and for links to headings 16; their ring grows, they do not.
        f"{PART('stCheckbox')} label, {PART('stRadioOption')}": "min-height: 24px; min-width: 24px",
        f"{PART('stTooltipHoverTarget')} > button, {PART('stHeaderActionElements')} a": "padding: 4px; margin: -4px; "
        "box-sizing: content-box",
        f"{PART('stMultiSelect')} button": "min-height: 24px; min-width: 24px",
        # Formulas are a pixel or two larger than their box, which then scrolls, but takes no focus.
        ".katex-display": "padding: 2px",
        # A slider's round end has 12 pixels.
        f"{PART('stSlider')} :has(> {PART('stSliderThumbValue')})::before": 'content: ""; position: absolute; inset: -6px',
    }.items()
)
