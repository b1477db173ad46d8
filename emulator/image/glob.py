"""Go's path.Match and path.Clean, which Docker uses for the sources of COPY and in ignore files."""

from functools import lru_cache

from emulator.formats.automaton import ANY, STAR, Automaton, Characters, Token, literal


class BadPattern(Exception):
    """Go calls the pattern malformed; the message says what is wrong.

    late: only behind a "*" that stands behind something else. Docker asks whether the pattern matches ".", which is
    answered before that part is read, so that some later reader refuses it, or takes it for something else.
    """

    late = False


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Automaton:
    """`pattern` by the rules of path.Match. Raises BadPattern."""
    return Automaton(tokens_of(pattern))


def has_wildcards(text: str) -> bool:
    """Whether Docker looks for matches of a source, or takes it as a path."""
    position = 0
    while position < len(text):
        if text[position] in "*?[":
            return True
        position += 2 if text[position] == "\\" else 1
    return False


def clean(path: str) -> str:
    """`path` as path.Clean leaves it: no empty parts, no ".", ".." only at the beginning of a relative path."""
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part != "..":
            parts.append(part)
        elif parts and parts[-1] != "..":
            parts.pop()
        elif not rooted:
            parts.append("..")
    return ("/" if rooted else "") + "/".join(parts) or "."


def tokens_of(pattern: str) -> list[Token]:
    """The parts of a path.Match pattern. Raises BadPattern."""
    tokens: list[Token] = []
    try:
        _tokenize(pattern, tokens)
    except BadPattern as bad:
        behind = next((number for number, token in enumerate(tokens) if token != STAR), len(tokens))
        bad.late = STAR in tokens[behind:]
        raise
    return tokens


def _tokenize(pattern: str, tokens: list[Token]) -> None:
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*":
            tokens.append(STAR)
        elif character == "?":
            tokens.append(ANY)
        elif character == "[":
            characters, position = characters_at(pattern, position)
            tokens.append(Token(kind="set", characters=characters))
        elif character == "\\":
            if position == len(pattern):
                raise BadPattern("it ends with a backslash")
            tokens.append(literal(pattern[position]))
            position += 1
        else:
            tokens.append(literal(character))


def characters_at(pattern: str, position: int) -> tuple[Characters, int]:
    """The set that begins behind a "[", and where the pattern goes on behind its "]". Raises BadPattern."""
    negated = pattern.startswith("^", position)
    position += negated
    ranges: list[tuple[str, str]] = []
    while not (ranges and pattern.startswith("]", position)):
        low, position = _member(pattern, position)
        high = low
        if pattern.startswith("-", position):
            high, position = _member(pattern, position + 1)
        ranges.append((low, high))
    return Characters(tuple(ranges), negated), position + 1


def _member(pattern: str, position: int) -> tuple[str, int]:
    if position < len(pattern) and pattern[position] not in "-]":
        position += pattern[position] == "\\"
        # A set must be closed: its last member cannot be the pattern's last character.
        if position + 1 < len(pattern):
            return pattern[position], position + 1
    raise BadPattern("a [ is not closed, or what stands in it is no list of characters")
