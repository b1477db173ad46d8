"""What a Dockerfile says, as values: directives, instructions, heredocs, each with its place."""

from emulator.model.diagnostic import Diagnostic
from emulator.model.origin import Origin
from emulator.model.record import Record

MAX_CHARACTERS = 1024 * 1024
"""A Dockerfile beyond this is refused rather than read slowly; no real one comes near."""

MAX_LINE_BYTES = 65_535
"""BuildKit reads lines through a buffer of this size and refuses a longer one."""


class Directive(Record, frozen=True, kw_only=True):
    """A parser directive of the head: `# escape=`, `# syntax=` or `# check=`; the name is lower-case."""

    name: str
    value: str
    origin: Origin


class Word(Record, frozen=True, kw_only=True):
    """One argument as written: quotes and `$` are still in it."""

    text: str
    origin: Origin


class Flag(Record, frozen=True, kw_only=True):
    """`--name=value` before the arguments; value is None when there is no `=`."""

    name: str
    value: str | None
    origin: Origin


class Pair(Record, frozen=True, kw_only=True):
    """`key=value` of ENV, LABEL and ARG as written; value is None for an ARG without a default.

    old_form: written `ENV key value`, without `=`.
    """

    key: str
    value: str | None
    origin: Origin
    old_form: bool = False


class Heredoc(Record, frozen=True, kw_only=True):
    """A here-document of RUN, COPY or ADD.

    expand: the name was not quoted, so variables in the body are replaced. chomp: written `<<-`;
    leading tabs are already taken off `body`, whose lines keep their endings.
    """

    name: str
    expand: bool
    chomp: bool
    body: str
    origin: Origin
    descriptor: int = 0


class Instruction(Record, frozen=True, kw_only=True):
    """One instruction.

    keyword: upper-case. text: its arguments after the flags, continuations joined. json: the
    elements when the arguments are a JSON array of strings, else None. words: the arguments of
    FROM, COPY, ADD, EXPOSE and VOLUME, and of HEALTHCHECK its kind and its command. pairs: those of
    ENV, LABEL and ARG. trigger: what ONBUILD keeps for later. source: the joined line.
    """

    keyword: str
    text: str
    source: str
    origin: Origin
    flags: tuple[Flag, ...] = ()
    words: tuple[Word, ...] = ()
    pairs: tuple[Pair, ...] = ()
    json: tuple[str, ...] | None = None
    heredocs: tuple[Heredoc, ...] = ()
    trigger: "Instruction | None" = None

    def flag(self, name: str) -> str | None:
        """The value of the last flag `name`; None when it is absent or has none."""
        return next((flag.value for flag in reversed(self.flags) if flag.name == name), None)


class Dockerfile(Record, frozen=True, kw_only=True):
    """A read Dockerfile. `diagnostics` holds everything found wrong in one pass. lines: its text."""

    file: str
    escape: str = "\\"
    directives: tuple[Directive, ...] = ()
    instructions: tuple[Instruction, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    lines: tuple[str, ...] = ()

    def directive(self, name: str) -> Directive | None:
        """The directive `name`, None when it is not in the head."""
        return next((directive for directive in self.directives if directive.name == name), None)
