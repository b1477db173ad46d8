"""Dockerfiles: text → instructions with their places → stages → the image's configuration, without building.

A port of the rules of BuildKit's Dockerfile frontend; the reference is BuildKit's source, and the
tests compare with its own parser and with real builds.
"""

from .image_config import (
    DEFAULT_SHELL,
    EMPTY_IMAGE,
    CommandLine,
    ConfigBuilder,
    HealthCheck,
    ImageConfig,
    Setting,
    argv_of,
    image_config,
)
from .mounts import mount_fields
from .parsing import parse_dockerfile
from .records import Directive, Dockerfile, Flag, Heredoc, Instruction, Pair, Word
from .references import reference_problem
from .stages import Source, Stage, Stages, read_stages
from .words import Expansion, expand

__all__ = [
    "DEFAULT_SHELL",
    "EMPTY_IMAGE",
    "CommandLine",
    "ConfigBuilder",
    "Directive",
    "Dockerfile",
    "Expansion",
    "Flag",
    "HealthCheck",
    "Heredoc",
    "ImageConfig",
    "Instruction",
    "Pair",
    "Setting",
    "Source",
    "Stage",
    "Stages",
    "Word",
    "argv_of",
    "expand",
    "image_config",
    "mount_fields",
    "parse_dockerfile",
    "read_stages",
    "reference_problem",
]
