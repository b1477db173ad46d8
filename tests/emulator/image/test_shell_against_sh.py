"""Generated scripts, run by real shells with a command that records how it was called, against what was read."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.image.shell import Command, State, read_script

STUB = '#!/bin/sh\nprintf "%s\\036" "$PWD" "$@" END-OF-CALL >> "$LOG"\nexit "$2"\n'

WORDS = st.sampled_from(
    ["a", "'a b'", '"c $V"', "$V", '"$V"', "${V:-d}", "${W:-e f}", '"${W:-g  h}"', "a\\ b", "x$V", '"$(pwd)"',
     "$(pwd)", "''", '""',
     "$NONE", '"$NONE"', "a#b", "'$V'", "\\$V", "${V#x}", "${V%y}", "${V+z}", "*.txt", "'*.txt'", "~nobody"]
)  # fmt: skip

LEAVES = st.one_of(
    st.tuples(st.just("cmd"), st.lists(WORDS, max_size=3)),
    st.tuples(st.just("cmd"), st.lists(WORDS, max_size=3)),
    st.tuples(st.just("cmd"), st.lists(WORDS, max_size=3)),
    st.tuples(st.just("text"), st.sampled_from(
        ["cd d", "cd d/e", "cd ..", "cd nope", "cd -", 'cd "$PWD/d"', "V=new", "W='p q'", "export V=out", "V=$W",
         "set -e", "set +e", "true", "false", ":", "exit 0", "exit 3", "exit", "unset V", ": ${W:=set}"]
    )),
)  # fmt: skip


def _inner(children: st.SearchStrategy) -> st.SearchStrategy:
    several = st.lists(children, min_size=1, max_size=3)
    return st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), children, children),
        st.tuples(st.just("not"), children),
        st.tuples(st.just("pipe"), children, children),
        st.tuples(st.sampled_from(["group", "subshell", "for", "function", "nested", "output"]), several),
        st.tuples(st.sampled_from(["if", "case"]), children, several, several),
        st.tuples(st.just("seq"), several),
    )


SCRIPTS = st.lists(st.recursive(LEAVES, _inner, max_leaves=6), min_size=1, max_size=4)


class Rendered(NamedTuple):
    """loose: the numbers of calls whose order or count is not fixed."""

    text: str
    count: int
    loose: set[int]


class _Renderer:
    def __init__(self, codes: dict[int, int]) -> None:
        self.codes = codes
        self.count = 0
        self.loose: set[int] = set()

    def seq(self, nodes: list) -> str:
        return "; ".join(self.one(node) for node in nodes)

    def one(self, node: tuple) -> str:
        kind, *rest = node
        match kind:
            case "cmd":
                self.count += 1
                return f"stub {self.count} {self.codes.get(self.count, 0)} {' '.join(rest[0])}".rstrip()
            case "text":
                return rest[0]
            case "and" | "or":
                return f"{self.braced(rest[0])} {'&&' if kind == 'and' else '||'} {self.braced(rest[1])}"
            case "not":
                return f"! {self.braced(rest[0])}"
            case "pipe":
                return self.loosely(lambda: f"{self.braced(rest[0])} | {self.braced(rest[1])}")
            case "group" | "seq":
                return f"{{ {self.seq(rest[0])}; }}"
            case "subshell":
                return f"( {self.seq(rest[0])} )"
            case "nested":
                inner = self.seq(rest[0]).replace("'", "'\\''")
                return f"sh -c '{inner}'"
            case "output":
                inner = self.seq(rest[0])  # `$((` begins an arithmetic expression
                return f"stub_args=$({' ' if inner.startswith('(') else ''}{inner})"
            case "for":
                return self.loosely(lambda: f"for V in 1 2; do {self.seq(rest[0])}; done")
            case "function":
                return self.loosely(lambda: f"f() {{ {self.seq(rest[0])}; }}; f; f")
            case "if":
                return f"if {self.one(rest[0])}; then {self.seq(rest[1])}; else {self.seq(rest[2])}; fi"
            case _:
                subject = self.one(rest[0])
                return f"{subject}; case $V in new) {self.seq(rest[1])};; *) {self.seq(rest[2])};; esac"

    def braced(self, node: tuple) -> str:
        text = self.one(node)
        return text if node[0] in ("cmd", "text", "group", "subshell", "nested", "seq") else f"{{ {text}; }}"

    def loosely(self, render) -> str:
        before = self.count
        text = render()
        self.loose |= set(range(before + 1, self.count + 1))
        return text


def rendered(tree: list, codes: dict[int, int]) -> Rendered:
    renderer = _Renderer(codes)
    return Rendered(renderer.seq(tree), renderer.count, renderer.loose)


class Call(NamedTuple):
    number: int
    cwd: str
    argv: list[str]


class Ran(NamedTuple):
    code: int
    calls: list[Call]


class Ground:
    """A folder with directories d and d/e, files to match, and the stub."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        (self.root / "d" / "e").mkdir(parents=True)
        (self.root / "f1.txt").touch()
        self.log = folder / "log"
        self.bin = folder / "bin"
        self.bin.mkdir()
        (self.bin / "stub").write_text(STUB)
        (self.bin / "stub").chmod(0o755)

    def run(self, shell: list[str], script: str) -> Ran:
        self.log.write_text("")
        env = {"PATH": f"{self.bin}:/usr/bin:/bin", "LOG": str(self.log), "V": "x y"}
        done = subprocess.run(
            [*shell, script], cwd=self.root, env=env, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return Ran(done.returncode, list(self._calls()))

    def _calls(self) -> Iterator[Call]:
        words: list[str] = []
        for word in self.log.read_text().split("\036"):
            if word == "END-OF-CALL":
                yield Call(int(words[2 - 1]), words[0], words[1:])
                words = []
            else:
                words.append(word)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(tmp_path_factory.mktemp("shell").resolve())


def _read(ground: Ground, text: str, *, bash: bool) -> dict[int, list[Command]]:
    state = State(cwd=str(ground.root), environ={"V": "x y"}, complete=True)
    script = read_script(text, state, bash=bash)
    assert script.opaque is None, (text, script.opaque)
    commands: dict[int, list[Command]] = {}
    for command in script.commands:
        if command.words and command.words[0].text == "stub":
            commands.setdefault(int(command.words[1].text or ""), []).append(command)
    return commands


def _same_call(command: Command, call: Call) -> bool:
    """Whether what was read agrees with a call, as far as it claims anything."""
    expected = [word.text for word in command.words[1:]]
    if any(word.many for word in command.words):
        first = next(index for index, word in enumerate(command.words) if word.many) - 1
        expected, actual = expected[:first], call.argv[:first]
    else:
        actual = call.argv
    words = len(expected) == len(actual) and all(
        one is None or one == other for one, other in zip(expected, actual, strict=True)
    )
    sure = command.cwd is not None and all(Path(folder).is_dir() for folder in command.assumed)
    return words and (not sure or command.cwd == call.cwd)


@pytest.mark.thorough
@pytest.mark.parametrize("shell", [["/bin/sh", "-c"], ["/bin/bash", "-c"]], ids=["sh", "bash"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=SCRIPTS, data=st.data())
def test_what_was_read_is_what_runs(ground: Ground, shell: list[str], tree: list, data: st.DataObject):
    """Every call was foreseen with its arguments, directory and order; what runs always, ran in every successful
    run; and the failure of one command does to the whole what was said."""
    count = rendered(tree, {}).count
    codes = {number: 1 for number in range(1, count + 1) if data.draw(st.booleans())}
    bash = "bash" in shell[0]
    commands = _read(ground, rendered(tree, codes).text, bash=bash)
    _agrees(commands, ground.run(shell, rendered(tree, codes).text), rendered(tree, codes))
    fine = ground.run(shell, rendered(tree, {}).text)
    _agrees(commands := _read(ground, rendered(tree, {}).text, bash=bash), fine, rendered(tree, {}))
    called = sorted({call.number for call in fine.calls})
    if not called:
        return
    number = data.draw(st.sampled_from(called))
    alone = rendered(tree, {number: 1})
    ran = ground.run(shell, alone.text)
    fates = {command.failure for command in commands[number]}
    if fates == {"fails"}:
        assert ran.code != 0, alone.text
    if fates == {"swallowed"} and fine.code == 0:
        assert ran.code == 0, alone.text


def _agrees(commands: dict[int, list[Command]], ran: Ran, script: Rendered) -> None:
    for call in ran.calls:
        assert any(_same_call(command, call) for command in commands.get(call.number, [])), (script.text, call)
    order = [call.number for call in ran.calls if call.number not in script.loose]
    assert order == [number for number in commands if number in order], script.text
    called = {call.number for call in ran.calls}
    for number, found in commands.items():
        if ran.code == 0 and any(command.certainty == "always" for command in found):
            assert number in called, (script.text, number)


@pytest.mark.parametrize("text", ["stub_args=$(( cd d ); stub 1 0); stub 2 0", "stub_args=$((stub 1 0) | (stub 2 0))"])
def test_bash_reads_a_subshell_where_the_parentheses_are_no_expression(ground: Ground, text: str):
    """`$((` whose inner parenthesis is closed before the end; dash calls it an error, and so it is not understood."""
    commands = _read(ground, text, bash=True)
    ran = ground.run(["/bin/bash", "-c"], text)
    assert sorted(call.number for call in ran.calls) == [1, 2]
    _agrees(commands, ran, Rendered(text, 2, {1, 2}))
    state = State(cwd="/", environ={}, complete=True)
    assert read_script(text, state, bash=False).opaque is not None
