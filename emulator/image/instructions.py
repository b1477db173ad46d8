"""A COPY or ADD instruction → what it asks for, with its variables substituted (instructions/commands.go)."""

from collections.abc import Iterator

from emulator.formats.dockerfile import ConfigBuilder, Heredoc, Instruction, Word
from emulator.formats.dockerfile.splitting import heredoc_head
from emulator.model.origin import Origin

from .copying import Failure, Order, Source
from .glob import BadPattern, clean, has_wildcards
from .ignore import NO_IGNORE_FILE, IgnoreFile, Pattern, Unclear, read_ignore_file
from .tree import UNKNOWN_MODE, Made, clean_join

_VAGUE = ("unpack", "keep-git-dir", "checksum")
"""Flags whose effect is not followed."""

_REMOTE = ("http://", "https://", "git://", "ssh://", "git@", "github.com/")


def made_by(instruction: Instruction) -> Made:
    return Made(by="instruction", origin=instruction.origin)


def read_order(instruction: Instruction, builder: ConfigBuilder) -> tuple[Order | None, list[Failure]]:
    """The order, and why it is refused before anything is copied. None when nothing can be said of it."""
    if len(instruction.words) < 2:
        return None, []
    *words, last = instruction.words
    failures: list[Failure] = []
    sources = list(_sources(instruction, words, builder, failures))
    is_add = instruction.keyword == "ADD"
    external = instruction.flag("from") is not None and not is_add
    excludes = _excludes(instruction)
    order = Order(
        sources=tuple(sources),
        destination=_destination(builder.scope.text(last.text, last.origin), builder.workdir),
        made=made_by(instruction),
        mode=_mode(instruction, builder),
        linked=(instruction.flag("link") or "true").lower() != "false" if _has(instruction, "link") else False,
        excludes=excludes or NO_IGNORE_FILE,
        vague=excludes is None or any(_has(instruction, name) for name in _VAGUE),
        unpack=is_add,
        from_context=not external,
        keyword=instruction.keyword,
        stage=instruction.flag("from") or "" if external else "",
    )
    return order, failures


def _has(instruction: Instruction, name: str) -> bool:
    return any(flag.name == name for flag in instruction.flags)


def _sources(
    instruction: Instruction, words: list[Word], builder: ConfigBuilder, failures: list[Failure]
) -> Iterator[Source]:
    """The files first, then the here-documents, as BuildKit copies them."""
    documents: list[Source] = []
    heredocs = list(instruction.heredocs)
    parents = _has(instruction, "parents") and (instruction.flag("parents") or "true").lower() != "false"
    for word in words:
        if heredocs and heredoc_head(word.text) is not None:
            documents.append(_document(heredocs.pop(0), word, builder))
            continue
        path = builder.scope.text(word.text, word.origin)
        if path is not None and path.startswith(_REMOTE):
            if instruction.keyword == "COPY" and path.startswith(("http://", "https://")) and ".git" not in path:
                reason = "COPY cannot fetch a URL; only ADD can"
                failures.append(Failure(kind="url", reason=reason, origin=word.origin, source=path))
            path = None
        yield _with_parents(path, word.origin) if parents else Source(path=path, origin=word.origin)
    yield from documents


def _with_parents(path: str | None, origin: Origin) -> Source:
    """A source of --parents: the directory before "/./", the context's root where there is none, and the pattern of
    what is taken of it."""
    if path is None:
        return Source(path=None, origin=origin)
    base, pivot, rest = path.partition("/./")
    base, rest = (base, rest) if pivot else ("/", path)
    text = clean("/" + rest).removeprefix("/")
    if not text or has_wildcards(base):
        return Source(path=None, origin=origin)
    try:
        pattern = Pattern(text=text, exception=False, written=path, origin=origin)
    except (BadPattern, Unclear):
        return Source(path=None, origin=origin)
    return Source(path=base, origin=origin, pattern=pattern)


def _excludes(instruction: Instruction) -> IgnoreFile | None:
    """The patterns of --exclude; None where it is not known what they mean."""
    written = [flag.value or "" for flag in instruction.flags if flag.name == "exclude"]
    if any(not text or text[0] in "!/#" or "$" in text for text in written):
        return None
    read = read_ignore_file("\n".join(written).encode(errors="surrogateescape"), "")
    return None if read.unclear or read.problem else read


def _document(heredoc: Heredoc, word: Word, builder: ConfigBuilder) -> Source:
    body = builder.scope.body(heredoc.body, heredoc.origin) if heredoc.expand else heredoc.body
    # What the document holds may be unknown; that it is there is not.
    content = body.encode(errors="surrogateescape") if body is not None else b""
    return Source(path=heredoc.name, origin=word.origin, content=content, content_known=body is not None)


def _destination(text: str | None, workdir: str | None) -> str | None:
    """The absolute destination, a "/" or "/." at its end kept; None when it is not known."""
    if text is None or (workdir is None and not text.startswith("/")):
        return None
    if text in ("", "."):
        text = "./"
    return clean_join(workdir or "/", text)


def _mode(instruction: Instruction, builder: ConfigBuilder) -> int | None:
    if not _has(instruction, "chmod"):
        return None
    text = builder.scope.text(instruction.flag("chmod") or "", instruction.origin)
    octal = text is not None and text.isascii() and text.isdigit() and not set(text) & set("89")
    return int(text or "0", 8) if octal and len(text or "") <= 4 else UNKNOWN_MODE
