"""How the browser is to show a figure."""

BARE = {"displayModeBar": False}  # no toolbar: these figures are to be looked at
