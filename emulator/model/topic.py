"""What `emu explain` can tell of."""

from typing import Literal

from .record import Record


class Topic(Record, frozen=True, kw_only=True):
    """A finding, a platform's rule, or a field of a platform's file. where: the platform, or its file; "" for what no
    platform has. source, checked, certainty, fidelity: of a rule, "" else."""

    kind: Literal["finding", "rule", "field"]
    name: str
    text: str
    where: str = ""
    more: str = ""
    source: str = ""
    checked: str = ""
    certainty: str = ""
    fidelity: str = ""


class TopicList(Record, frozen=True, kw_only=True):
    """What `emu explain WORDS --format json` prints: the nearest first; `left` more were found."""

    schema: str = "emu.topics/1"
    query: str
    topics: tuple[Topic, ...]
    left: int
