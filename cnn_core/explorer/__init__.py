"""A network looked into: its maps and what links them on one picture, forward and backward; one weight through a step."""
