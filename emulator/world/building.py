"""What a build is asked for, what it tells on the way, and how it ends.

Whatever the user's own files cause (a failing step, a file that is not in the context) is a value, never an exception.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from emulator.model.record import Record
from emulator.world.hidden import Hidden, HiddenFiles, set_field


class BuilderFacts(Record, frozen=True, kw_only=True):
    """What builds, apart from what it is given. identity: differs where another may make another image of the same.
    asks_registries: whether it asks a registry for a base image that is here as well. architecture: what it runs on, as
    images name it."""

    identity: str
    asks_registries: bool
    architecture: str


SyntaxLine = Literal["honour", "ignore"]


class BuildRequest(Record, frozen=True, kw_only=True):
    """One image to build. Values of `args` and `secrets` may be secret and never reach a command line.

    context, dockerfile: absolute paths. base_images: FROM reference to the image that replaces it;
    a key must not equal a stage's name. syntax_line: "ignore" builds with the engine's own Dockerfile
    frontend even where the file's `# syntax=` names one, which has to come from a registry. masked: the
    arguments whose values are secret: the builder prints them in the names of steps, what is reported has
    `‹NAME›` instead. The values of `secrets` are masked always, and so are the lines of `secret_files`, which are
    mounted like them and may hold anything.
    """

    context: str
    dockerfile: str
    target: str | None = None
    args: Mapping[str, str] = Hidden()
    secrets: Mapping[str, str] = Hidden()
    secret_files: HiddenFiles = HiddenFiles()
    base_images: dict[str, str] = {}
    platform: str = "linux/amd64"
    tag: str | None = None
    labels: dict[str, str] = {}
    no_cache: bool = False
    pull: bool = False
    syntax_line: SyntaxLine = "honour"
    masked: frozenset[str] = frozenset()
    hosts: dict[str, str] = {}
    """Names that the build's steps know, and their addresses."""

    def __post_init__(self) -> None:
        for name in ("args", "secrets"):
            value = getattr(self, name)
            if not isinstance(value, Hidden):
                set_field(self, name, Hidden(value))


class StepGoing(Record, frozen=True, kw_only=True):
    """A step of the build goes on from now, or rests: it has ended, unless it is taken up again."""

    name: str
    going: bool


class StepDone(Record, frozen=True, kw_only=True):
    """A step of the build that ended well. `seconds` is None for a cached one."""

    name: str
    seconds: float | None
    cached: bool


class StepLog(Record, frozen=True, kw_only=True):
    """A line that a step of the build printed."""

    line: str
    step: str


BuildProgress = StepGoing | StepDone | StepLog

BuildErrorKind = Literal[
    "step", "missing-file", "missing-image", "registry", "dockerfile", "format", "canceled", "other"
]


class BuildError(Record, frozen=True, kw_only=True):
    """Why there is no image.

    kind: "step" a RUN failed; "missing-file" a COPY or ADD found nothing; "missing-image" the registry has
    no such base image, or keeps it from us; "registry" the registry cannot be reached from here;
    "dockerfile" the file is invalid; "format" a RUN met a program for another processor; "canceled";
    "other". line, end_line: where in the Dockerfile, from 1. exit_code: the RUN's. subject: the missing
    path or image.
    """

    kind: BuildErrorKind
    message: str
    step: str | None = None
    log_tail: tuple[str, ...] = ()
    line: int | None = None
    end_line: int | None = None
    exit_code: int | None = None
    subject: str | None = None


class BuildOutcome(Record, frozen=True, kw_only=True):
    """How a build ended: an image or an error, never both."""

    image_id: str | None
    seconds: float
    error: BuildError | None = None
    warnings: tuple[str, ...] = ()


OnProgress = Callable[[BuildProgress], None]
