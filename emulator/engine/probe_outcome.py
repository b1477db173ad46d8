"""What comes of one attempt of a probe."""

from typing import NamedTuple


class Attempted(NamedTuple):
    """What came of an attempt. final: the same program would answer the same again. refused: nothing listens there."""

    ok: bool
    words: str
    final: bool = False
    refused: bool = False
