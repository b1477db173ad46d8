"""Dockerfiles: text → instructions with their places → stages → the image's configuration, without building.

A port of the rules of BuildKit's Dockerfile frontend; the reference is BuildKit's source, and the
tests compare with its own parser and with real builds.
"""

from .parsing import parse_dockerfile
from .records import Directive, Dockerfile, Flag, Heredoc, Instruction, Pair, Word
from .words import Expansion, expand

__all__ = [
    "Directive",
    "Dockerfile",
    "Expansion",
    "Flag",
    "Heredoc",
    "Instruction",
    "Pair",
    "Word",
    "expand",
    "parse_dockerfile",
]
