"""What a block of a script may change: for loops, and functions that may return before their end."""

from collections.abc import Iterator, Mapping

from emulator.model.record import Record

from .builtins import TRANSPARENT, ends, outcome_of
from .nodes import (
    AndOr,
    Choice,
    Definition,
    Group,
    Literally,
    Loop,
    Node,
    Parameter,
    Pipeline,
    RawWord,
    Sequence,
    Simple,
    Substitution,
)
from .state import State


class Touched(Record, frozen=True):
    """names: variables. moves: the directory. anything: all of the state."""

    names: tuple[str, ...]
    moves: bool
    anything: bool

    def applied(self, state: State) -> State:
        """The state where all this is not known any more."""
        if self.anything:
            return state.anything()
        for name in self.names:
            state = state.assigned(name, None)
        return state.moved(None, surely=True) if self.moves else state


def asks_status(node: Node, functions: Mapping[str, object]) -> bool:
    """Whether something in it may look at the status of the command before: an `exit` that says none, a function."""
    match node:
        case Simple():
            name = node.words[0].plain if node.words else ""
            by_name = ends(node) == "as-before" or name in functions or name == "return"
            return by_name or any(_asks(body, functions) for body in _substituted(node))
        case AndOr() | Pipeline():
            return any(asks_status(part, functions) for part in node.parts)
        case Group():
            return _asks(node.body, functions)
        case Choice():
            return any(_asks(body, functions) for body in (*node.conditions, *node.bodies))
        case Loop():
            return _asks(node.body, functions) or (node.condition is not None and _asks(node.condition, functions))
        case Definition():
            return False


def _substituted(node: Simple) -> Iterator[Sequence]:
    """What runs in `$(…)` of its words: a shell that begins with the status of the command before."""
    for word in (*node.words, *(value for _, value in node.assignments)):
        yield from (part.body for part in word.parts if isinstance(part, Substitution))


def _asks(body: Sequence, functions: Mapping[str, object]) -> bool:
    return any(asks_status(item.node, functions) for item in body.items)


def may_leave(node: Node, functions: Mapping[str, object]) -> bool:
    """Whether the shell may end in it with status 0: then what follows runs only after a failure, and may fail."""
    match node:
        case Simple():
            name = node.words[0].plain if node.words else ""
            return ends(node) in ("leaves", "as-before") or name in functions or name == "exec"
        case AndOr():
            return any(may_leave(part, functions) for part in node.parts)
        case Pipeline():
            return len(node.parts) == 1 and may_leave(node.parts[0], functions)
        case Group():
            return not node.subshell and _leaves(node.body, functions)
        case Choice():
            return any(_leaves(body, functions) for body in (*node.conditions, *node.bodies))
        case Loop():
            return _leaves(node.body, functions) or (node.condition is not None and _leaves(node.condition, functions))
        case Definition():
            return False


def _leaves(body: Sequence, functions: Mapping[str, object]) -> bool:
    return any(may_leave(item.node, functions) for item in body.items)


def only_talks(body: Sequence, functions: Mapping[str, object]) -> bool:
    """Whether it only prints: whichever way is taken then, the script goes on."""
    return all(
        isinstance(item.node, Simple) and outcome_of(item.node, functions) == "succeeds" and not item.asks
        for item in body.items
    )


class _Finder:
    def __init__(self, functions: Mapping[str, object]) -> None:
        self.functions = functions
        self.names: dict[str, None] = {}
        self.moves = self.anything = False

    def look(self, node: Node | Sequence) -> None:
        match node:
            case Sequence():
                for item in node.items:
                    self.look(item.node)
            case Simple():
                self._simple(node)
            case AndOr() | Pipeline():
                for part in node.parts:
                    self.look(part)
            case Group():
                if not node.subshell:
                    self.look(node.body)
            case Choice():
                for body in (*node.conditions, *node.bodies):
                    self.look(body)
            case Loop():
                if node.variable:
                    self.names[node.variable] = None
                for one in (node.condition, node.body):
                    if one is not None:
                        self.look(one)
            case Definition():
                pass

    def _simple(self, node: Simple) -> None:
        raws: list[RawWord] = [*node.words, *(raw for _, raw in node.assignments)]
        for raw in raws:
            for part in raw.parts:
                if isinstance(part, Parameter) and part.operator in ("=", ":="):
                    self.names[part.name] = None
        if not node.words:
            self.names.update(dict.fromkeys(name for name, _ in node.assignments))
            return
        name = node.words[0].plain
        if name in TRANSPARENT and len(node.words) > 1:
            name = node.words[1].plain
        if name in ("cd", "pushd", "popd"):
            self.moves = True
        elif name is None or name in ("eval", ".", "source", "set", "getopts", "mapfile") or name in self.functions:
            self.anything = True
        elif name in ("export", "read", "local", "declare", "typeset", "readonly", "unset"):
            self._declared(node.words[1:])

    def _declared(self, words: tuple[RawWord, ...]) -> None:
        for word in words:
            first = word.parts[0] if word.parts else None
            if isinstance(first, Literally):
                self.names[first.text.partition("=")[0]] = None
            else:
                self.anything = True


def touched_by(node: Node, functions: Mapping[str, object]) -> Touched:
    """What may change when `node` runs in part, or several times."""
    found = _Finder(functions)
    found.look(node)
    return Touched(tuple(found.names), found.moves, found.anything)
