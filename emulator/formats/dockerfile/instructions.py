"""A logical line → an Instruction, and what Docker would refuse about it (BuildKit's parser/line_parsers.go)."""

from collections.abc import Callable

from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.spelling import nearest

from .checks import argument_problems
from .flags import flag_problems
from .lines import LogicalLine
from .records import Flag, Instruction, Pair, Word
from .splitting import (
    ASCII_SPACE,
    BLANKS,
    NotStrings,
    Span,
    Split,
    heredoc_heads,
    json_strings,
    plain_words,
    quoted_words,
    split_line,
)

_JSON_OR_COMMAND = frozenset({"CMD", "ENTRYPOINT", "RUN", "SHELL"})
_JSON_OR_WORDS = frozenset({"ADD", "COPY", "VOLUME"})
_WORDS = frozenset({"EXPOSE", "FROM"})
_PAIRS = frozenset({"ENV", "LABEL"})
_TEXT = frozenset({"MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"})
KEYWORDS = _JSON_OR_COMMAND | _JSON_OR_WORDS | _WORDS | _PAIRS | _TEXT | {"ARG", "HEALTHCHECK", "ONBUILD"}

_TAKES_HEREDOCS = frozenset({"ADD", "COPY", "RUN"})
_NO_TRIGGERS = frozenset({"ONBUILD", "FROM", "MAINTAINER"})

Report = Callable[[Diagnostic], None]


def read_instruction(line: LogicalLine, escape: str, report: Report, *, start: int = 0) -> Instruction:
    """The instruction that stands in line.text[start:], without its heredoc bodies.

    Everything wrong with its form goes to `report`; the instruction is returned all the same.
    """
    split = _shifted(split_line(line.text[start:], escape), start)
    instruction = _read(line, escape, report, split)
    if not _is_no_health(instruction):
        for problem in flag_problems(instruction.keyword, instruction.flags):
            report(problem)
    for problem in argument_problems(instruction):
        report(problem)
    return instruction


def _is_no_health(instruction: Instruction) -> bool:
    """HEALTHCHECK NONE: Docker never looks at its flags."""
    return instruction.keyword == "HEALTHCHECK" and [w.text.upper() for w in instruction.words[:1]] == ["NONE"]


def announced_heredocs(instruction: Instruction) -> bool:
    """Whether `<<NAME` in this instruction begins a here-document."""
    inner = instruction.trigger or instruction
    return inner.keyword in _TAKES_HEREDOCS and bool(heredoc_heads(instruction.source))


def _shifted(split: Split, by: int) -> Split:
    def moved(span: Span) -> Span:
        return Span(span.value, span.start + by, span.end + by)

    return Split(moved(split.keyword), [moved(flag) for flag in split.flags], moved(split.args))


def _read(line: LogicalLine, escape: str, report: Report, split: Split) -> Instruction:
    keyword, args = split.keyword.value.upper(), split.args
    words: list[Span] = []
    pairs: tuple[Pair, ...] = ()
    json: tuple[str, ...] | None = None
    trigger: Instruction | None = None
    if keyword in _JSON_OR_COMMAND:
        json = _json(line, keyword, args, report)
    elif keyword in _JSON_OR_WORDS:
        json = _json(line, keyword, args, report)
        words = plain_words(args) if json is None else [Span(text, args.start, args.end) for text in json]
    elif keyword in _WORDS:
        words = plain_words(args)
    elif keyword in _PAIRS:
        pairs = _key_values(line, keyword, args, escape, report)
    elif keyword == "ARG":
        pairs = tuple(_arg(line, word) for word in quoted_words(args, escape))
    elif keyword == "HEALTHCHECK":
        words, json = _health(line, args, report)
    elif keyword == "ONBUILD":
        trigger = _trigger(line, args, escape, report)
    elif keyword not in KEYWORDS:
        _report_unknown(line, split.keyword, report)
    return Instruction(
        keyword=keyword,
        text=args.value,
        source=line.text[split.keyword.start :].strip(),
        origin=line.origin(split.keyword.start, max(args.end, split.keyword.end)),
        flags=tuple(_flag(line, flag) for flag in split.flags),
        words=tuple(Word(text=word.value, origin=line.origin(word.start, word.end)) for word in words),
        pairs=pairs,
        json=json,
        trigger=trigger,
    )


def _flag(line: LogicalLine, flag: Span) -> Flag:
    name, equals, value = flag.value[2:].partition("=")
    return Flag(name=name, value=value if equals else None, origin=line.origin(flag.start, flag.end))


def _json(line: LogicalLine, keyword: str, args: Span, report: Report) -> tuple[str, ...] | None:
    try:
        elements = json_strings(args.value)
    except NotStrings:
        report(
            error(
                "dockerfile/json-not-strings",
                f"the JSON array of {keyword} holds something else than strings",
                origin=line.origin(args.start, args.end),
                help="put every element in double quotes",
            )
        )
        return None
    # `[ -f x ] && y` is good shell; a quote right after the bracket never is.
    if elements is None and args.value.startswith(("['", '["')) and keyword != "SHELL":
        read_as = "words" if keyword in _JSON_OR_WORDS else "a shell command"
        report(
            warning(
                "dockerfile/json-ignored",
                f"{keyword} looks like a JSON array but is not valid JSON, so Docker reads it as {read_as}",
                origin=line.origin(args.start, args.end),
                help="use double quotes around each element, a comma between them, and nothing after the ]",
            )
        )
    return elements


def _key_values(line: LogicalLine, keyword: str, args: Span, escape: str, report: Report) -> tuple[Pair, ...]:
    words = quoted_words(args, escape)
    if words and "=" not in words[0].value:
        key, _, value = _old_form(args)
        if value is None:
            report(
                error(
                    "dockerfile/missing-argument",
                    f"{keyword} {key} has no value",
                    origin=line.origin(args.start, args.end),
                    help=f"write {keyword} {key}=VALUE",
                )
            )
            return ()
        return (Pair(key=key, value=value, origin=line.origin(args.start, args.end), old_form=True),)
    pairs: list[Pair] = []
    for word in words:
        key, equals, value = word.value.partition("=")
        origin = line.origin(word.start, word.end)
        if not equals:
            report(
                error(
                    "dockerfile/missing-equals",
                    f"{word.value} in {keyword} has no =",
                    origin=origin,
                    help="write name=value, with quotes around a value that holds blanks",
                )
            )
            continue
        pairs.append(Pair(key=key, value=value, origin=origin))
    return tuple(pairs)


def _old_form(args: Span) -> tuple[str, str, str | None]:
    blank = BLANKS.search(args.value)
    if blank is None:
        return args.value, "", None
    return args.value[: blank.start()], blank.group(), args.value[blank.end() :]


def _arg(line: LogicalLine, word: Span) -> Pair:
    key, equals, value = word.value.partition("=")
    return Pair(key=key, value=value if equals else None, origin=line.origin(word.start, word.end))


def _health(line: LogicalLine, args: Span, report: Report) -> tuple[list[Span], tuple[str, ...] | None]:
    words = plain_words(args)[:1]
    if not words:
        return [], None
    rest = line.text[words[0].end : args.end].lstrip(ASCII_SPACE)
    command = Span(rest, args.end - len(rest), args.end)
    if not command.value:
        return words, None
    return [words[0], command], _json(line, "HEALTHCHECK", command, report)


def _trigger(line: LogicalLine, args: Span, escape: str, report: Report) -> Instruction | None:
    """What ONBUILD keeps. Docker checks most of it only where it is used, so only its form is looked at here."""
    if not args.value:
        return None
    split = _shifted(split_line(line.text[args.start : args.end], escape), args.start)
    keyword = split.keyword.value.upper()
    if keyword in _NO_TRIGGERS:
        report(
            error(
                "dockerfile/bad-trigger",
                f"ONBUILD cannot keep {keyword} for later",
                origin=line.origin(args.start, args.end),
                help=f"remove this line, or put the {keyword} in the Dockerfile that uses this image",
            )
        )
        return None
    return _read(line, escape, report if keyword in KEYWORDS else _ignore, split)


def _ignore(_: Diagnostic) -> None:
    """An unknown trigger is refused where the image is used, not here."""


def _report_unknown(line: LogicalLine, keyword: Span, report: Report) -> None:
    near = nearest(keyword.value.upper(), sorted(KEYWORDS))
    shown = keyword.value if len(keyword.value) <= 40 else keyword.value[:40] + "…"
    report(
        error(
            "dockerfile/unknown-instruction",
            f"{shown or 'an empty line'} is not a Dockerfile instruction",
            origin=line.origin(keyword.start, keyword.end),
            help=f"did you mean {near}?" if near else "remove the line, or end the line above with a continuation",
        )
    )
