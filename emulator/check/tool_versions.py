"""Which version of a tool a stage works with, as far as its lines say: for what only newer ones refuse."""

import re
from itertools import pairwise

from emulator.formats.dockerfile.base_images import short_name
from emulator.image.working import WorkedStage

_POETRY = r"(?<![\w./-])poetry(?:\[[\w,]*\])?(?P<pin>[=<>~!]=?[^\s'\";&|]*)?(?=['\"\s;&|]|$)"
_NODE = r":(?:v?(?P<major>\d+))?"
_FIRST_STRICT_NODE = 15
"""nodejs.org/dist/index.json: the first with npm 7."""


def is_poetry_2(stage: WorkedStage, number: int) -> bool:
    """Whether the poetry of a step is surely 2 or later: pip was asked for it without a version, or for such a one,
    in this stage."""
    pins: list[str | None] = []
    for step in stage.steps[: number + 1]:
        if step.instruction.keyword == "RUN" and re.search(r"\bpip3?\b", step.instruction.source):
            for command in re.split(r"&&|;|\n|\|\|", step.instruction.source):
                if re.search(r"\bpip3?\s+install\b", command):
                    pins += [found["pin"] for found in re.finditer(_POETRY, command)]
    return bool(pins) and all(pin is None or re.fullmatch(r"(==|>=|~=)\s*[2-9](\..*)?", pin) for pin in pins)


def is_npm_7(stage: WorkedStage) -> bool:
    """Whether the npm of a stage is surely 7 or later: that of Node's own image, and no other one installed."""
    base = stage.stage.base
    if short_name(base) != "node" or any(_installs_npm(step.instruction.source) for step in stage.steps):
        return False
    found = re.search(_NODE, base)
    major = found["major"] if found is not None else None
    return major is None or int(major) >= _FIRST_STRICT_NODE


def _installs_npm(source: str) -> bool:
    words = source.split()
    return any(one.startswith("npm@") for one in words) or ("-g", "npm") in pairwise(words)
