"""What each mistake is noticed by: run for real by the first visitor who looks at it (a tenth of a second), then kept."""

from __future__ import annotations

from functools import lru_cache

from cnn_core.mistakes import MISTAKES, Symptom
from pages.server.kept import Once

_SYMPTOMS = {mistake.id: Once(mistake.symptom) for mistake in MISTAKES.values()}


def symptom(id: str) -> Symptom:
    """Of the mistake with this id; nobody may write to its arrays."""
    return _SYMPTOMS[id]()


@lru_cache(maxsize=len(MISTAKES) ** 2)
def tried(id: str, other: str) -> Symptom | None:
    """What the case of the mistake `id` shows with another one in its place; None where it runs nothing of that."""
    return MISTAKES[id].case_with(MISTAKES[other])
