"""Reading a Dockerfile: lines, directives, forms, here-documents, and what is wrong with them."""

import time

import pytest

from emulator.formats.dockerfile import Dockerfile, Instruction, parse_dockerfile
from emulator.formats.dockerfile.records import MAX_CHARACTERS
from emulator.model.record import to_json


def read(text: str) -> Dockerfile:
    return parse_dockerfile(text, "Dockerfile")


def only(text: str) -> Instruction:
    """The one instruction after FROM, which must be without fault."""
    dockerfile = read("FROM scratch\n" + text)
    assert dockerfile.diagnostics == ()
    assert len(dockerfile.instructions) == 2
    return dockerfile.instructions[1]


def faults(text: str) -> list[tuple[str, int]]:
    return [(d.code.removeprefix("dockerfile/"), d.origin.line) for d in read(text).diagnostics]


def test_joins_continuations_past_comments_and_keeps_places():
    """A word on a continued line is found where it stands, though comments lie between."""
    instruction = only("ENV a=1 \\\n  # note\n\n    b=2\n".replace("\n\n", "\n"))
    assert [(p.key, p.value, p.origin.line, p.origin.column) for p in instruction.pairs] == [
        ("a", "1", 2, 5),
        ("b", "2", 4, 5),
    ]
    assert (instruction.origin.line, instruction.origin.end_line) == (2, 4)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("RUN a \\\n b", "a  b"),
        ("RUN a \\  \t\n b", "a  b"),
        ("RUN a\\\\\n", "a\\\\"),
        ("RUN a\\", "a"),
        ("run\ta\\\n\\\nb", "ab"),
        ("RUN a \\\r\n b\r\n", "a  b"),
        ("\t RUN \t a  ", "a"),
    ],
)
def test_continuation_needs_one_unescaped_escape_at_the_end(line: str, text: str):
    """Blanks after the escape do not matter, a doubled escape is none, and CRLF is a line end."""
    assert only(line).text == text


def test_backtick_escape_makes_backslash_ordinary():
    """With `# escape=`` a backslash at the end of a line continues nothing."""
    dockerfile = read("# escape=`\nFROM scratch\nRUN dir C:\\\nRUN a `\n b\n")
    assert [i.text for i in dockerfile.instructions[1:]] == ["dir C:\\", "a  b"]
    assert dockerfile.escape == "`"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "# syntax=docker/dockerfile:1\n#check=skip=all\nFROM a",
            {"syntax": "docker/dockerfile:1", "check": "skip=all"},
        ),
        ("  #  EsCaPe = \\ \nFROM a", {"escape": "\\"}),
        ("# a comment\n# syntax=x\nFROM a", {}),
        ("\n# syntax=x\nFROM a", {}),
        ("# other=x\n# syntax=x\nFROM a", {}),
        ("FROM a\n# syntax=x", {}),
        ("\ufeff# syntax=x\nFROM a", {"syntax": "x"}),
    ],
)
def test_directives_count_only_in_the_head(text: str, names: dict[str, str]):
    """A comment, a blank line or an instruction ends the head."""
    assert {d.name: d.value for d in read(text).directives} == names


@pytest.mark.parametrize(
    ("args", "json"),
    [
        ('["a", "b c"]', ("a", "b c")),
        ("[]", ()),
        ('["\\u00e9\\n"]', ("é\n",)),
        ("['a']", None),
        ('["a",]', None),
        ('["a"] b', None),
        ("[ -f x ] && y", None),
        ('{"a": "b"}', None),
        ("a", None),
        ('["a", NaN]', None),
    ],
)
def test_json_form_is_a_valid_array_of_strings(args: str, json: tuple[str, ...] | None):
    """Anything else is a shell command."""
    instruction = read(f"FROM scratch\nCMD {args}\n").instructions[1]
    assert instruction.json == json
    assert instruction.text == args


@pytest.mark.parametrize("args", ['["a", 1]', "[1]", '[["a"]]', "[null]", "[" * 5000 + "]" * 5000])
def test_json_array_of_other_things_is_refused(args: str):
    """Docker fails on it rather than taking it for a shell command."""
    assert faults(f"FROM scratch\nCMD {args}\n") == [("json-not-strings", 2)]


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("ENV key a  b 'c'", [("key", "a  b 'c'")]),
        ("ENV a=1 b=\"c d\" e='f g' h=i\\ j", [("a", "1"), ("b", '"c d"'), ("e", "'f g'"), ("h", "i\\ j")]),
        ("ENV a= b==c", [("a", ""), ("b", "=c")]),
        ("LABEL a.b=c", [("a.b", "c")]),
        ("ARG A B=2 C=", [("A", None), ("B", "2"), ("C", "")]),
        ('ENV "a b"=c', [('"a b"', "c")]),
    ],
)
def test_pairs(line: str, pairs: list[tuple[str, str | None]]):
    """ENV and LABEL have an old and a new form; ARG takes several names."""
    assert [(p.key, p.value) for p in only(line).pairs] == pairs


def test_flags_end_at_the_first_other_word():
    """Quotes come off a flag; `--` ends them; what looks like a flag later is an argument."""
    instruction = only('COPY --from=a --chown="x y" --link b --not /c')
    assert [(f.name, f.value) for f in instruction.flags] == [("from", "a"), ("chown", "x y"), ("link", None)]
    assert [w.text for w in instruction.words] == ["b", "--not", "/c"]
    assert [w.text for w in only("COPY -- --odd /c").words] == ["--odd", "/c"]


@pytest.mark.parametrize(
    ("head", "name", "expand", "chomp", "body"),
    [
        ("RUN <<EOF", "EOF", True, False, "\ta\nb $X\n"),
        ("RUN <<-EOF", "EOF", True, True, "a\nb $X\n"),
        ("RUN <<'EOF'", "EOF", False, False, "\ta\nb $X\n"),
        ('RUN cat <<"EOF" > /x', "EOF", False, False, "\ta\nb $X\n"),
        ("COPY <<EOF /x", "EOF", True, False, "\ta\nb $X\n"),
        ("ONBUILD RUN <<EOF", "EOF", True, False, "\ta\nb $X\n"),
        ("RUN << EOF", "EOF", True, False, "\ta\nb $X\n"),
    ],
)
def test_heredoc(head: str, name: str, expand: bool, chomp: bool, body: str):
    """The lines up to the name belong to the instruction and are no instructions themselves."""
    instruction = only(f"{head}\n\ta\nb $X\nEOF\n")
    (heredoc,) = instruction.heredocs
    assert (heredoc.name, heredoc.expand, heredoc.chomp, heredoc.body) == (name, expand, chomp, body)
    assert (heredoc.origin.line, heredoc.origin.end_line) == (3, 4)
    assert instruction.origin.end_line == 5


def test_two_heredocs_follow_each_other():
    """One line may announce several; each ends at its own name."""
    instruction = only("COPY <<A <<B /x/\n1\nA\n2\nB\n")
    assert [(h.name, h.body) for h in instruction.heredocs] == [("A", "1\n"), ("B", "2\n")]


@pytest.mark.parametrize("line", ["RUN cat <<< x", "CMD cat <<EOF", "RUN ['<<EOF']", "RUN a < b", "RUN echo '<<EOF'"])
def test_not_a_heredoc(line: str):
    """A here-string, another instruction and a quoted word announce nothing."""
    dockerfile = read(f"FROM scratch\n{line}\nUSER a\n")
    assert dockerfile.instructions[-1].keyword == "USER"


def test_from_inside_heredoc_is_text():
    """A FROM line in a here-document begins no stage."""
    assert len(read("FROM a\nRUN <<E\nFROM b\nE\n").instructions) == 2


def test_onbuild_keeps_an_instruction():
    """ONBUILD's argument is an instruction with its own place."""
    trigger = only('ONBUILD CMD ["a"]').trigger
    assert trigger is not None
    assert (trigger.keyword, trigger.json, trigger.origin.column) == ("CMD", ("a",), 9)


def test_healthcheck_has_kind_and_command():
    """The kind stands before the command, which has both forms."""
    assert [w.text for w in only("HEALTHCHECK --interval=5s CMD curl -f x").words] == ["CMD", "curl -f x"]
    assert only('HEALTHCHECK CMD ["curl"]').json == ("curl",)
    assert [w.text for w in only("HEALTHCHECK --anything NONE").words] == ["NONE"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("empty", 1)]),
        ("\n# only\n", [("empty", 1)]),
        ("ARG A\n", [("no-from", 1)]),
        ("RUN x\nFROM a\n", [("before-from", 1)]),
        ("FROM a\nRUNN x\n", [("unknown-instruction", 2)]),
        ("FROM a\nENV x\n", [("missing-argument", 2)]),
        ("FROM a\nENV a=1 b\n", [("missing-equals", 2)]),
        ("FROM a\nENV =1\n", [("blank-name", 2)]),
        ("FROM a\nENV\nUSER\nWORKDIR\nEXPOSE\nVOLUME\nARG\nSTOPSIGNAL\nONBUILD\nHEALTHCHECK\nSHELL\nLABEL\nMAINTAINER",
         [("missing-argument", line) for line in range(2, 14)]),
        ("FROM a b\n", [("bad-from", 1)]),
        ("FROM\n", [("bad-from", 1)]),
        ("FROM a AS 1b\n", [("bad-stage-name", 1)]),
        ("FROM a as b_c.d-e\n", []),
        ("FROM a\nCOPY x\n", [("missing-argument", 2)]),
        ('FROM a\nADD ["x"]\n', [("missing-argument", 2)]),
        ("FROM a\nCOPY x <<E\nE\n", [("bad-heredoc", 2)]),
        ("FROM a\nRUN <<E\nx\n", [("unterminated-heredoc", 2)]),
        ("FROM a\nSHELL sh -c\n", [("shell-not-json", 2)]),
        ('FROM a\nVOLUME [" "]\n', [("missing-argument", 2)]),
        ("FROM a\nONBUILD ONBUILD RUN x\n", [("bad-trigger", 2)]),
        ("FROM a\nONBUILD FROM x\n", [("bad-trigger", 2)]),
        ("FROM a\nONBUILD COPY x\n", []),
        ("FROM a\nHEALTHCHECK FOO\n", [("bad-healthcheck", 2)]),
        ("FROM a\nHEALTHCHECK CMD\n", [("bad-healthcheck", 2)]),
        ("FROM a\nHEALTHCHECK NONE x\n", [("bad-healthcheck", 2)]),
        ("FROM a\nHEALTHCHECK --interval=5 CMD x\n", [("bad-healthcheck", 2)]),
        ("FROM a\nHEALTHCHECK --interval=10us CMD x\n", [("bad-healthcheck", 2)]),
        ("FROM a\nHEALTHCHECK --interval=0 CMD x\n", []),
        ("FROM a\nHEALTHCHECK --retries=-1 CMD x\n", [("bad-healthcheck", 2)]),
        ("FROM a\nHEALTHCHECK --interval=1h1.5s CMD x\n", []),
        ("FROM a\nCOPY --form=b x y\n", [("unknown-flag", 2)]),
        ("FROM a\nCOPY --from=b --from=c x y\n", [("repeated-flag", 2)]),
        ("FROM a\nCOPY --link=maybe x y\n", [("bad-flag", 2)]),
        ("FROM a\nCOPY --from x y\n", [("bad-flag", 2)]),
        ("FROM a\nRUN --mount=type=cache,target=/a --mount=type=cache,target=/b x\n", []),
        ("FROM a\nSTOPSIGNAL --whatever SIGTERM\n", []),
        ("FROM a\nCMD --port 80\n", [("unknown-flag", 2)]),
        ("# escape=x\nFROM a\n", [("bad-directive", 1)]),
        ("# syntax=x\n# syntax=y\nFROM a\n", [("repeated-directive", 2)]),
        ("FROM a\nRUN x \\\n\n y\n", [("empty-continuation", 3)]),
        ("FROM a\nCMD ['x']\n", [("json-ignored", 2)]),
        ("FROM a\nRUN " + "x" * 65_531 + "\n", []),
        ("FROM a\nRUN " + "x" * 65_532 + "\n", [("line-too-long", 2)]),
        ("FROM a\nRUN " + "é" * 33_000 + "\n", [("line-too-long", 2)]),
        ("x" * (MAX_CHARACTERS + 1), [("too-large", 1)]),
    ],
)  # fmt: skip
def test_faults(text: str, expected: list[tuple[str, int]]):
    """Each mistake Docker would refuse is one diagnostic at its line; what it accepts is none."""
    assert faults(text) == expected


def test_all_faults_in_one_pass_with_something_to_do():
    """Reading goes on after a mistake, and every diagnostic says what to do."""
    text = "ENV\nFROM a b\nFOO x\nRUN <<E\nx\n"
    diagnostics = read(text).diagnostics
    assert [d.origin.line for d in diagnostics] == [1, 1, 2, 3, 4]
    assert all(d.help for d in diagnostics)


def test_unknown_instruction_suggests_the_near_one():
    """RUNN is probably RUN."""
    (problem,) = read("FROM a\nRUNN x\n").diagnostics
    assert problem.help == "did you mean RUN?"


def test_prints_as_json():
    """A read Dockerfile is plain data."""
    assert b'"keyword":"FROM"' in to_json(read("FROM a\n"))


@pytest.mark.thorough
@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN " + "x " * 500_000,
        "FROM a\nENV " + "a=b " * 200_000,
        "FROM a\nRUN a" + " \\\n b" * 150_000,
        "FROM a\n" * 10_000,
        "FROM a\nRUN " + " \\\n# c" * 100_000,
        "FROM a\nCMD " + "[" * 500_000,
        "FROM a\nRUN " + "<<A " * 5_000,
        "FROM a\nENV " + "\\" * 500_000,
        "FROM a\nCOPY " + "--from=a " * 50_000,
        "FROM a\n" + "\\\n" * 300_000,
        "FROM a\nENV a=" + '"' * 500_001,
        "\n" * 1_000_000,
        "FROM a\n" + "#\n" * 400_000,
    ],
    ids=range(13),
)
def test_hostile_text_is_read_in_linear_time(text: str):
    """A megabyte of anything takes seconds at most, on a slow machine too."""
    started = time.process_time()
    read(text)
    assert time.process_time() - started < 6
