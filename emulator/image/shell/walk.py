"""A shell script walked without running it: which simple commands run, where, and what their failure does.

By the Shell Command Language of POSIX (XCU 2.8 exit status and errors, 2.9 commands, 2.14 `set -e`).
"""

from collections.abc import Callable, Iterator

from emulator.model.record import Record, replace

from .builtins import TRANSPARENT, NestedShell, nested_shell, outcome_of
from .context import Context, failure_here
from .effects import after_command
from .nodes import (
    AndOr,
    Choice,
    Definition,
    Group,
    Loop,
    Node,
    Parameter,
    Part,
    Pipeline,
    RawRedirection,
    Read,
    Sequence,
    Simple,
    Substitution,
)
from .parse import parse_shell
from .records import Command, Failure, Opaque, Redirection, Script, Word
from .state import MAX_VARIABLES, State, joined
from .touched import Touched, asks_status, may_leave, only_talks, touched_by
from .words import fields, text_of, value

MAX_COMMANDS = 5_000
MAX_CHARACTERS = 2 * 1024 * 1024
"""Scripts that come to more commands, or whose arguments come to more, are not followed to their end."""

MAX_STEPS = 50_000
"""Nor those that take more steps, assignments and repeated functions among them."""

MAX_CALLS = 8
"""Functions and `sh -c` one in another."""


class Stopped(Exception):
    """The rest of the script cannot be followed."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class Source(Record, frozen=True):
    """A text that was read, and the line of the file that an offset in it stands on."""

    read: Read
    line: Callable[[int], int]


def walk_script(source: Source, state: State, *, bash: bool) -> Script:
    """The commands of a whole script that a step runs."""
    walk = Walk(source, bash=bash)
    problem = source.read.problem
    # What follows a list that ends in the dark may swallow its failure.
    context = Context(certain=True, status="fails" if problem is None else "unknown", on_exit="fails")
    opaque = None if problem is None else Opaque(line=source.line(source.read.at), reason=problem)
    try:
        walk.sequence(source.read.body, state, context)
    except Stopped as stopped:
        opaque = Opaque(line=stopped.line, reason=stopped.reason)
    return Script(commands=tuple(walk.commands), opaque=opaque)


class Walk:
    """Collects commands; every method takes the state before its part and gives the one after."""

    def __init__(self, source: Source, *, bash: bool) -> None:
        self.commands: list[Command] = []
        self._source = source
        self._bash = bash
        self._functions: dict[str, tuple[Node, Source]] = {}
        self._calls = 0
        self._characters = 0
        self._steps = 0
        self._seen: tuple[object, object, tuple[tuple[str, str | None], ...]] | None = None
        self._known: dict[tuple[int, int], Touched] = {}

    def sequence(self, body: Sequence, state: State, context: Context) -> State:
        lost = False
        for index, item in enumerate(body.items):
            if state.ended:
                break
            following = body.items[index + 1] if index + 1 < len(body.items) else None
            status: Failure = context.status
            if following is not None:
                asks = following.asks or asks_status(following.node, self._functions)
                is_open = asks or may_leave(item.node, self._functions)
                status = "unknown" if is_open else "swallowed"
            here = replace(context, certain=context.certain and not state.unsure and not lost, status=status)
            if item.background:
                aside = replace(here, certain=False, status="swallowed", errexit=False, concurrent=True)
                self.node(item.node, state, replace(aside, on_exit="swallowed"))
            else:
                lost = lost or (state.errexit is not False and context.errexit and context.on_exit != "fails")
                state = self.node(item.node, state, here)
        return state

    def node(self, node: Node, state: State, context: Context) -> State:
        match node:
            case Simple():
                return self._simple(node, state, context)
            case AndOr():
                return self._and_or(node, state, context)
            case Pipeline():
                return self._pipeline(node, state, context)
            case Group():
                return self._group(node, state, context)
            case Choice():
                return self._choice(node, state, context)
            case Loop():
                return self._loop(node, state, context)
            case Definition():
                self._functions[node.name] = (node.body, self._source)
                return state

    def _and_or(self, node: AndOr, state: State, context: Context) -> State:
        """ok, failed: the state when what was read so far had status 0, or another; None: cannot be."""
        fates = self._fates(node, context)
        last = len(node.parts) - 1
        ok: State | None = state
        failed: State | None = None
        for index, part in enumerate(node.parts):
            alternative = index > 0 and node.operators[index - 1] == "||"
            before = failed if alternative else ok
            if before is None or before.ended:
                continue
            certain = context.certain and not alternative and not before.unsure
            certain = certain and (index == 0 or fates[index - 1] == "fails")
            here = replace(context, certain=certain, status=fates[index], errexit=context.errexit and index == last)
            after = self.node(part, before, here)
            remaining = None if after.ended else joined(before, after)
            if alternative:
                ok, failed = joined(ok, after), remaining
            else:
                ok, failed = after, joined(failed, remaining)
        result = ok if context.status == "fails" and ok is not None else joined(ok, failed)
        return result or state

    def _fates(self, node: AndOr, context: Context) -> list[Failure]:
        """For each part, what becomes of the step when the list up to it has another status than 0."""
        fates: list[Failure] = [context.status]
        for part, operator in zip(reversed(node.parts[1:]), reversed(node.operators), strict=True):
            later = fates[-1]
            if operator == "&&":
                fates.append(later)
                continue
            match outcome_of(part, self._functions):
                case "exits":
                    fates.append(context.on_exit)
                case "leaves" | "succeeds":
                    fates.append("swallowed")
                case "fails":
                    fates.append(later)
                case _:
                    fates.append("swallowed" if later == "swallowed" else "unknown")
        return fates[::-1]

    def _pipeline(self, node: Pipeline, state: State, context: Context) -> State:
        if node.negated:
            simple = len(node.parts) == 1 and isinstance(node.parts[0], Simple) and context.status != "unknown"
            context = replace(context, status="swallowed" if simple else "unknown", errexit=False)
        if len(node.parts) == 1:
            return self.node(node.parts[0], state, context)
        last = failure_here(state, context)
        others: Failure = last if state.pipefail else "unknown" if state.pipefail is None else "swallowed"
        for index, part in enumerate(node.parts):
            fate = last if index == len(node.parts) - 1 else others
            here = replace(context, status=fate, on_exit=fate, concurrent=True)
            self.node(part, state, here)
        return state

    def _group(self, node: Group, state: State, context: Context) -> State:
        self._redirected(node.redirections, node.start, state, context)
        if not node.subshell:
            return self.sequence(node.body, state, context)
        fate = failure_here(state, context)
        self.sequence(node.body, state, replace(context, status=fate, on_exit=fate))
        return state

    def _choice(self, node: Choice, state: State, context: Context) -> State:
        self._redirected(node.redirections, node.start, state, context)
        for word in node.subject:
            self._substitutions(word.parts, state, context)
        harmless = all(only_talks(body, self._functions) for body in node.bodies)
        asked = replace(context, status="swallowed" if harmless else "unknown", errexit=False)
        inside = replace(context, certain=False)
        ended: State | None = None
        for index, body in enumerate(node.bodies):
            if index < len(node.conditions):
                state = self.sequence(node.conditions[index], state, asked)
                asked = replace(asked, certain=False)
            if state.ended:
                break
            ended = joined(ended, self.sequence(body, state, inside))
        if node.otherwise and ended is not None:
            return ended
        return joined(ended, state) or state

    def _loop(self, node: Loop, state: State, context: Context) -> State:
        self._redirected(node.redirections, node.start, state, context)
        for word in node.words:
            self._substitutions(word.parts, state, context)
        state = self._touched(node, state)
        before = state
        asked = replace(context, status="unknown", errexit=False)
        if node.condition is not None:
            state = self.sequence(node.condition, state, asked)
        status: Failure = "swallowed" if context.status == "swallowed" else "unknown"
        after = self.sequence(node.body, state, replace(context, certain=False, status=status))
        return joined(joined(before, state), after) or before

    def _simple(self, node: Simple, state: State, context: Context) -> State:
        line = self._source.line(node.start)
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise Stopped("the script is too long to follow", line)
        alone = not node.words
        for part in _parts(node):
            self._substitutions(part, state, context, alone=alone)
        if node.test:
            words = [Word(text="[[", source=node.words[0].source, line=line)]
            return self._run(_Call(words, (), (), line), state, context)
        words = []
        for raw in node.words:
            more, state = fields(raw, state, self._source.line(raw.start))
            words += more
            self._spend(more, line)
        redirections, state = self._targets(node.redirections, state)
        if not words:
            if redirections:
                self._emit(_Call(words, (), redirections, line), state, context)
            for name, raw in node.assignments:
                given, state = value(raw, state)
                state = self._assigned(state, name, given, line)
            return state
        environment = []
        for name, raw in node.assignments:
            given, state = value(raw, state)
            environment.append((name, given))
        return self._run(_Call(words, tuple(environment), redirections, line), state, context)

    def _run(self, call: "_Call", state: State, context: Context) -> State:
        """One command with its arguments known as far as they are."""
        name = call.words[0].text
        if name in self._functions:
            return self._called(name, call, state, context)
        if name in TRANSPARENT and len(call.words) > 1 and not (call.words[1].text or "-").startswith("-"):
            state = self._run(replace(call, words=call.words[1:]), state, context)
            return replace(state, ended="left") if name == "exec" else state
        if (inner := nested_shell(call.words)) is not None and self._nested(inner, call, state, context):
            return state
        self._emit(call, state, context)
        if name in ("trap", "alias") and [word.text for word in call.words[1:2]] != ["-"]:
            raise Stopped(f"{name} changes what follows in a way that is not worked out", call.line)
        if len(state.changed) > MAX_VARIABLES:
            raise Stopped(f"the script sets more than {MAX_VARIABLES} variables", call.line)
        return after_command(call.words, state, failure=failure_here(state, context), on_exit=context.on_exit)

    def _called(self, name: str, call: "_Call", state: State, context: Context) -> State:
        body, source = self._functions[name]
        if call.redirections:
            self._emit(replace(call, words=[]), state, context)
        if self._calls >= MAX_CALLS:
            raise Stopped("functions call each other too deeply", call.line)
        here, self._source = self._source, source
        self._calls += 1
        before = self._touched(body, state)
        after = self.node(body, before, replace(context, certain=False))
        self._calls -= 1
        self._source = here
        return joined(before, self._touched(body, after)) or before

    def _nested(self, inner: NestedShell, call: "_Call", state: State, context: Context) -> bool:
        """Follow `sh -c TEXT` in place of the command; False where TEXT is not understood."""
        read = parse_shell(inner.script, bash=inner.bash)
        if read.problem is not None or self._calls >= MAX_CALLS or call.redirections:
            return False
        self._spend(call.words, call.line)
        visible = {**state.environ, **dict(state.environment_changes()), **dict(call.environment)}
        child = State(
            cwd=state.cwd, environ=visible, complete=state.complete, assumed=state.assumed, wild=state.wild,
            errexit=inner.errexit, pipefail=inner.pipefail,
        )  # fmt: skip
        fate = failure_here(state, context)
        here, self._source = self._source, Source(read, lambda _: call.line)
        bash, self._bash = self._bash, inner.bash
        functions, self._functions = self._functions, {}
        self._calls += 1
        self.sequence(read.body, child, replace(context, status=fate, on_exit=fate, errexit=True))
        self._calls -= 1
        self._source, self._bash, self._functions = here, bash, functions
        return True

    def _substitutions(
        self, parts: tuple[Part, ...], state: State, context: Context, *, alone: bool = False, maybe: bool = False
    ) -> None:
        """The commands in `$(…)`; alone: their status may be that of the command, which has no words."""
        for part in parts:
            if isinstance(part, Parameter):
                self._substitutions(part.word, state, context, alone=alone, maybe=True)
            if isinstance(part, Substitution):
                fate: Failure = "unknown" if alone and failure_here(state, context) != "swallowed" else "swallowed"
                here = replace(context, certain=context.certain and not maybe, status=fate, on_exit=fate, errexit=True)
                self.sequence(part.body, state, here)

    def _redirected(self, raw: tuple[RawRedirection, ...], start: int, state: State, context: Context) -> None:
        """The redirections of a compound command, as a command without words."""
        for one in raw:
            self._substitutions(one.target.parts, state, context)
        if raw:
            redirections, state = self._targets(raw, state)
            self._emit(_Call([], (), redirections, self._source.line(start)), state, context)

    def _targets(self, raw: tuple[RawRedirection, ...], state: State) -> tuple[tuple[Redirection, ...], State]:
        found: list[Redirection] = []
        for one in raw:
            line = self._source.line(one.target.start)
            words, state = fields(one.target, state, line)
            target = words[0] if len(words) == 1 else Word(text=None, source=one.target.source, line=line)
            content = None
            if one.operator == "<<" and (body := self._source.read.bodies.get(one.target.start)) is not None:
                content, state = text_of(body, state)
            found.append(Redirection(operator=one.operator, descriptor=one.descriptor, target=target, content=content))
        return tuple(found), state

    def _assigned(self, state: State, name: str, given: str | None, line: int) -> State:
        if len(state.changed) > MAX_VARIABLES:
            raise Stopped(f"the script sets more than {MAX_VARIABLES} variables", line)
        return state.assigned(name, given)

    def _spend(self, words: list[Word], line: int) -> None:
        self._characters += sum(len(word.text or "") + 8 for word in words)
        if self._characters > MAX_CHARACTERS:
            raise Stopped("the script's arguments come to more than can be followed", line)

    def _emit(self, call: "_Call", state: State, context: Context) -> None:
        if len(self.commands) >= MAX_COMMANDS:
            raise Stopped(f"the script runs more than {MAX_COMMANDS:,} commands", call.line)
        self.commands.append(
            Command(
                words=tuple(call.words),
                line=call.line,
                cwd=state.cwd,
                assumed=state.assumed,
                certainty="always" if context.certain and not state.unsure else "maybe",
                failure=failure_here(state, context),
                environment=call.environment,
                exported=self._exported(state),
                redirections=call.redirections,
                concurrent=context.concurrent,
            )
        )

    def _exported(self, state: State) -> tuple[tuple[str, str | None], ...]:
        """The same value for commands between which nothing changed."""
        if self._seen is None or self._seen[0] is not state.changed or self._seen[1] is not state.exported:
            self._seen = (state.changed, state.exported, state.environment_changes())
        return self._seen[2]

    def _touched(self, node: Node, state: State) -> State:
        """The state where it is not known how much of `node` ran, or how often."""
        key = (id(node), len(self._functions))
        if key not in self._known:
            self._known[key] = touched_by(node, self._functions)
        return self._known[key].applied(state)


class _Call(Record, frozen=True):
    words: list[Word]
    environment: tuple[tuple[str, str | None], ...]
    redirections: tuple[Redirection, ...]
    line: int


def _parts(node: Simple) -> Iterator[tuple[Part, ...]]:
    """What is expanded, in its order: words, redirections, assignments."""
    for word in node.words:
        yield word.parts
    for redirection in node.redirections:
        yield redirection.target.parts
    for _, raw in node.assignments:
        yield raw.parts
