"""A network at work on one picture, for those who look into it: its maps and what links them, forward and backward."""
