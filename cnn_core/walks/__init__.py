"""A walk as data: exact counts, the steps a window takes, and what each step writes; the browser plays it."""
