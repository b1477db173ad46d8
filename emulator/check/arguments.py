"""A program's arguments as options and the rest, by a table of what takes a value."""

from collections.abc import Mapping

from emulator.model.record import Record, replace

from .command import Argument


class Options(Record, frozen=True):
    """values: option → its values in order; switches: options without a value; rest: what is no option."""

    values: Mapping[str, tuple[Argument, ...]]
    switches: frozenset[str]
    rest: tuple[Argument, ...]

    def last(self, *names: str) -> Argument | None:
        """The last value of any of `names`; None where none is given."""
        found = [value for name in names for value in self.values.get(name, ())]
        return found[-1] if found else None


def read_options(args: tuple[Argument, ...], switches: frozenset[str]) -> Options:
    """Read `--name value`, `--name=value`, `-n value` and `-nvalue`. An option that is not in `switches` takes the
    next word as its value."""
    values: dict[str, list[Argument]] = {}
    seen: set[str] = set()
    rest: list[Argument] = []
    at = 0
    while at < len(args):
        text = args[at].text
        at += 1
        if text == "--":
            rest += args[at:]
            break
        if not text.startswith("-") or text == "-":
            rest.append(args[at - 1])
            continue
        name, equals, value = text.partition("=")
        if not text.startswith("--") and len(text) > 2:
            name, equals, value = text[:2], "=", text[2:]
        if name in switches:
            seen.add(name)
        elif equals:
            values.setdefault(name, []).append(replace(args[at - 1], text=value))
        elif at < len(args):
            values.setdefault(name, []).append(args[at])
            at += 1
        else:
            seen.add(name)
    return Options({name: tuple(found) for name, found in values.items()}, frozenset(seen), tuple(rest))
