"""The `*` and `?` patterns of ${NAME#pattern}, ${NAME%pattern} and ${NAME/pattern/text}.

Runs all alternatives at once as bits of one integer, so no pattern can make it backtrack.
`*` and `?` do not match a newline, as in BuildKit.
"""

MAX_PATTERN = 1_000


class BadPattern(Exception):
    """The pattern cannot be used; the message says why."""


class Pattern:
    """A compiled pattern: `atoms` characters (None: any), and the gaps between them where a `*` stands."""

    __slots__ = ("_any", "_by_character", "_loops", "final")

    def __init__(self, atoms: list[str | None], stars: set[int]) -> None:
        """stars: the numbers of atoms before which a `*` stands; len(atoms) is the end."""
        self.final = 1 << len(atoms)
        self._loops = sum(1 << gap for gap in stars)
        self._any = sum(2 << index for index, atom in enumerate(atoms) if atom is None)
        self._by_character: dict[str, int] = {}
        for index, atom in enumerate(atoms):
            if atom is not None:
                self._by_character[atom] = self._by_character.get(atom, 0) | 2 << index

    def step(self, states: int, character: str) -> int:
        """The states after `character`."""
        moves = self._by_character.get(character, 0)
        if character == "\n":
            return states << 1 & moves
        return (states << 1 & (moves | self._any)) | (states & self._loops)

    def end(self, text: str, start: int, *, longest: bool) -> int | None:
        """Where a match that begins at `start` ends; None when none does."""
        found: int | None = None
        states = 1
        for position in range(start, len(text) + 1):
            if states & self.final:
                found = position
                if not longest:
                    break
            if position == len(text) or not states:
                break
            states = self.step(states, text[position])
        return found


def trim_prefix(pattern: str, value: str, *, longest: bool) -> str:
    """`value` without the shortest or longest prefix that matches. Raises BadPattern."""
    end = Pattern(*_atoms(pattern)).end(value, 0, longest=longest)
    return value if end is None else value[end:]


def trim_suffix(pattern: str, value: str, *, longest: bool) -> str:
    """`value` without the shortest or longest suffix that matches. Raises BadPattern."""
    end = _reversed(*_atoms(pattern)).end(value[::-1], 0, longest=longest)
    return value if end is None else value[: len(value) - end]


def replace_matches(pattern: str, value: str, replacement: str, *, every: bool) -> str:
    """`value` with the first, or every, longest match replaced. Raises BadPattern."""
    atoms, stars = _atoms(pattern)
    forward = Pattern(atoms, stars)
    out: list[str] = []
    position = previous_end = 0
    for start in _starts(_reversed(atoms, stars), value):
        if start < position:
            continue
        end = forward.end(value, start, longest=True)
        if end is None or (end == start == previous_end and out):
            continue  # as in Go, no empty match right after another match
        out += (value[position:start], replacement)
        position = previous_end = end
        if not every:
            break
    return "".join(out) + value[position:]


def _starts(backward: Pattern, value: str) -> list[int]:
    """Every position where a match begins, ascending, found by reading backwards once."""
    found: list[int] = []
    states = 1
    for position in range(len(value), -1, -1):
        if states & backward.final:
            found.append(position)
        if position:
            states = backward.step(states, value[position - 1]) | 1
    return found[::-1]


def _reversed(atoms: list[str | None], stars: set[int]) -> Pattern:
    return Pattern(atoms[::-1], {len(atoms) - gap for gap in stars})


def _atoms(pattern: str) -> tuple[list[str | None], set[int]]:
    if len(pattern) > MAX_PATTERN:
        raise BadPattern(f"the pattern has more than {MAX_PATTERN:,} characters")
    atoms: list[str | None] = []
    stars: set[int] = set()
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            stars.add(len(atoms))
        elif character == "?":
            atoms.append(None)
        elif character == "\\":
            escaped = next(characters, "")
            if not escaped or escaped not in "}/*?\\":
                raise BadPattern(f"the pattern has an invalid escape \\{escaped}")
            atoms.append(escaped)
        else:
            atoms.append(character)
    return atoms, stars
