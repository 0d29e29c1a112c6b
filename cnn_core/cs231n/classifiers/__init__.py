"""The networks of the course's assignment 2."""
