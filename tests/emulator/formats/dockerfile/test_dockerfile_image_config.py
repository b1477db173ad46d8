"""The image's configuration, worked out without building."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.formats.dockerfile import (
    EMPTY_IMAGE,
    CommandLine,
    ImageConfig,
    Setting,
    argv_of,
    image_config,
    parse_dockerfile,
)
from emulator.formats.dockerfile.signals import is_signal
from emulator.model.record import replace, to_json

BASE = replace(
    EMPTY_IMAGE,
    entrypoint=CommandLine(form="exec", text="", argv=("/entry",)),
    cmd=CommandLine(form="exec", text="", argv=("serve",)),
    workdir="/srv",
    env=(Setting(name="PATH", value="/usr/bin"), Setting(name="LANG", value="C")),
    user="app",
)


def config(text: str, *, base: ImageConfig | None = EMPTY_IMAGE, **options) -> ImageConfig:
    dockerfile = parse_dockerfile(text, "Dockerfile")
    assert dockerfile.diagnostics == ()
    return image_config(dockerfile, base_config=lambda _: base, **options)


def env(result: ImageConfig) -> dict[str, str | None]:
    return {setting.name: setting.value for setting in result.env if setting.name != "PATH"}


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("CMD python app.py", ("/bin/sh", "-c", "python app.py")),
        ('CMD ["python", "app.py"]', ("python", "app.py")),
        ('ENTRYPOINT ["/e"]\nCMD ["a"]', ("/e", "a")),
        ('CMD ["a"]\nENTRYPOINT ["/e"]', ("/e", "a")),
        ('ENTRYPOINT exec x\nCMD ["a"]', ("/bin/sh", "-c", "exec x", "a")),
        ('ENTRYPOINT ["/e"]\nCMD a', ("/e", "/bin/sh", "-c", "a")),
        ("CMD a\nCMD b", ("/bin/sh", "-c", "b")),
        ('SHELL ["/bin/bash", "-c"]\nCMD a', ("/bin/bash", "-c", "a")),
        ('CMD a\nSHELL ["/bin/bash", "-c"]', ("/bin/sh", "-c", "a")),
        ('ENTRYPOINT ["/e"]\nENTRYPOINT []\nCMD ["a"]', ("a",)),
        ("CMD a  \\\n  b $HOME", ("/bin/sh", "-c", "a    b $HOME")),
        ("CMD", ("/bin/sh", "-c", "")),
        ("CMD []", ()),
        ("USER a", ()),
    ],
)
def test_argv(text: str, argv: tuple[str, ...]):
    """ENTRYPOINT then CMD, the shell of that line in front of the shell form."""
    assert argv_of(config("FROM a\n" + text)) == argv


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("USER x", ("/entry", "serve")),
        ('CMD ["b"]', ("/entry", "b")),
        ('ENTRYPOINT ["/e"]', ("/e",)),
        ('CMD ["b"]\nENTRYPOINT ["/e"]', ("/e", "b")),
        ("ENTRYPOINT []", ()),
    ],
)
def test_entrypoint_resets_the_cmd_of_the_base_only(text: str, argv: tuple[str, ...]):
    """A CMD of the same stage stays, whether above or below ENTRYPOINT."""
    assert argv_of(config("FROM a\n" + text, base=BASE)) == argv


def test_entrypoint_resets_the_cmd_of_an_earlier_stage():
    """A stage of the same file is a base like any other."""
    assert argv_of(config('FROM a AS b\nCMD ["x"]\nFROM b\nENTRYPOINT ["/e"]')) == ("/e",)
    assert argv_of(config('FROM a AS b\nENTRYPOINT ["/e"]\nFROM b\nCMD ["x"]')) == ("/e", "x")


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ('CMD ["a"]', None),
        ("USER x", None),
        ('ENTRYPOINT ["/e"]', ("/e",)),
        ("ENTRYPOINT []\nCMD a", ("/bin/sh", "-c", "a")),
    ],
)
def test_unknown_base_leaves_argv_unknown_unless_entrypoint_is_set(text: str, argv: tuple[str, ...] | None):
    """The base may have an ENTRYPOINT; one in the file settles it."""
    result = config("FROM a\n" + text, base=None)
    assert result.unknown_base
    assert argv_of(result) == argv


def test_unknown_base_makes_what_depends_on_it_unknown():
    """What needs the base's variables or folder is None; what does not is known, and nothing is reported."""
    result = config("FROM a\nENV P=/x:$PATH Q=1\nENV R=$Q$P S=$Q\nWORKDIR app\nEXPOSE $PORT 80\nUSER $WHO\n", base=None)
    assert env(result) == {"P": None, "Q": "1", "R": None, "S": "1"}
    assert (result.workdir, result.user, [p.name for p in result.exposed]) == (None, None, ["80/tcp"])
    assert result.diagnostics == ()
    assert config("FROM a\nWORKDIR /app\nWORKDIR b\n", base=None).workdir == "/app/b"


@pytest.mark.parametrize(
    ("text", "build_args", "expected"),
    [
        ("ENV A=1 B=$A\nENV C=$A", {}, {"A": "1", "B": "", "C": "1"}),
        ("ENV A=1\nENV A=2 B=$A\nENV D=$A", {}, {"A": "2", "B": "1", "D": "2"}),
        ('ENV A one  "two" $X', {}, {"A": "one  two "}),
        ("ENV A='$X' B=\"q r\" C=s\\ t", {}, {"A": "$X", "B": "q r", "C": "s t"}),
        ("ARG P=1\nENV A=$P", {}, {"A": "1"}),
        ("ARG P=1\nENV A=$P", {"P": "2"}, {"A": "2"}),
        ("ARG P\nENV A=${P:-none}", {}, {"A": "none"}),
        ("ENV A=$P", {"P": "2"}, {"A": ""}),
        ("ENV P=1\nARG P=2\nENV A=$P", {}, {"P": "1", "A": "2"}),
        ("ARG P=1\nENV P=2\nENV A=$P", {}, {"P": "2", "A": "2"}),
        ("ARG TARGETARCH\nENV A=$TARGETARCH", {}, {"A": "amd64"}),
        ("ENV A=$TARGETARCH", {}, {"A": ""}),
        ("ARG A=1 B=${A}2\nENV C=$B", {}, {"C": "12"}),
    ],
)
def test_env(text: str, build_args: dict[str, str], expected: dict[str, str]):
    """ARG values are for substitution, ENV values stay in the image; one instruction sees what was before it."""
    assert env(config("FROM a\n" + text, build_args=build_args)) == expected


def test_global_arg_needs_a_bare_arg_in_the_stage():
    """ARG NAME takes the value from before FROM; without it the name is unset."""
    result = config("ARG V=1\nARG W=2\nFROM a\nARG V\nENV A=$V B=$W\n")
    assert env(result) == {"A": "1", "B": ""}


def test_stage_built_on_a_stage_keeps_its_variables():
    """ENV and ARG values of the parent are in force; an ENV wins over an ARG of its name."""
    result = config("FROM a AS b\nENV E=1\nARG G=2\nARG E=3\nFROM b\nENV X=$E$G\n")
    assert env(result) == {"E": "1", "X": "12"}


def test_env_keeps_its_place_and_origin():
    """A variable set again stays where it first stood, and says which line set it last."""
    result = config("FROM a\nENV A=1 B=2\nENV A=3\n")
    assert [(s.name, s.value, s.origin and s.origin.line) for s in result.env] == [
        ("PATH", EMPTY_IMAGE.env[0].value, None),
        ("A", "3", 3),
        ("B", "2", 2),
    ]


@pytest.mark.parametrize(
    ("text", "workdir"),
    [
        ("WORKDIR /a\nWORKDIR b\nWORKDIR ../c/", "/a/c"),
        ("WORKDIR /a/../b/", "/a/../b/"),
        ("WORKDIR a", "/a"),
        ('WORKDIR "/a b"', "/a b"),
        ("ENV D=/x\nWORKDIR $D/y", "/x/y"),
        ("WORKDIR /a\nWORKDIR $NONE", "/a"),
        ("USER a", "/"),
    ],
)
def test_workdir(text: str, workdir: str):
    """A relative one joins the one before; an absolute one is kept as written."""
    assert config("FROM a\n" + text).workdir == workdir


def test_workdir_joins_that_of_the_base():
    """And an image without one counts as /."""
    assert config("FROM a\nWORKDIR x", base=BASE).workdir == "/srv/x"
    assert config("FROM a\nWORKDIR x", base=replace(BASE, workdir="")).workdir == "/x"
    assert config("FROM a\nUSER x", base=replace(BASE, workdir="")).workdir == ""


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("EXPOSE 80 443/tcp 53/UDP", ["80/tcp", "443/tcp", "53/udp"]),
        ("EXPOSE 1-3/sctp", ["1/sctp", "2/sctp", "3/sctp"]),
        ("ARG P=8000\nEXPOSE $P ${Q:-9}", ["8000/tcp", "9/tcp"]),
        ("EXPOSE 127.0.0.1:5:6", ["6/tcp"]),
        ("EXPOSE 80\nEXPOSE 80/tcp", ["80/tcp"]),
        ("EXPOSE $UNSET", []),
    ],
)
def test_exposed_ports(text: str, ports: list[str]):
    """Ranges, protocols and variables; a port counts once."""
    assert [port.name for port in config("FROM a\n" + text).exposed] == ports


def test_wide_ranges_stay_cheap():
    """Thousands of whole ranges take no longer than one."""
    dockerfile = parse_dockerfile("FROM a\n" + "".join(f"EXPOSE {i}-65535\n" for i in range(10_000)), "Dockerfile")
    started = time.process_time()
    assert len(image_config(dockerfile, base_config=lambda _: EMPTY_IMAGE).exposed) == 65_536
    assert time.process_time() - started < 5


def test_onbuild_runs_in_the_stage_built_on_it():
    """The parent keeps it, the child obeys it before its own instructions, and does not pass it on."""
    result = config('FROM a AS b\nONBUILD ENV X=1\nONBUILD CMD ["kept"]\nFROM b\nENV Y=$X\nENTRYPOINT ["/e"]\n')
    assert env(result) == {"X": "1", "Y": "1"}
    assert argv_of(result) == ("/e", "kept")
    assert result.onbuild == ()
    assert result.cmd is not None
    assert result.cmd.origin is not None
    assert result.cmd.origin.line == 3
    assert config('FROM a\nONBUILD CMD ["x"]\n').onbuild == ('CMD ["x"]',)


def test_onbuild_of_a_base_image_runs_at_from():
    """Its place is the FROM; a wrong one is reported there."""
    result = config("FROM a\n", base=replace(EMPTY_IMAGE, onbuild=("ENV X=1", "FOO x")))
    assert env(result) == {"X": "1"}
    assert [(d.code, d.origin and d.origin.line) for d in result.diagnostics] == [("dockerfile/unknown-instruction", 1)]


def test_the_rest():
    """USER, STOPSIGNAL, LABEL, VOLUME and HEALTHCHECK."""
    result = config(
        "FROM a\nARG U=1\nUSER $U:g\nSTOPSIGNAL sigint\nLABEL a=$U b='$U'\nVOLUME /x /y$U\n"
        "HEALTHCHECK --interval=1m30s --timeout=500ms --retries=4 CMD curl x\n"
    )
    assert (result.user, result.user_origin and result.user_origin.line) == ("1:g", 3)
    assert result.stopsignal == "sigint"
    assert [(s.name, s.value) for s in result.labels] == [("a", "1"), ("b", "$U")]
    assert [s.name for s in result.volumes] == ["/x", "/y1"]
    check = result.healthcheck
    assert check is not None
    assert (check.test, check.interval_s, check.timeout_s, check.retries) == (("CMD-SHELL", "curl x"), 90, 0.5, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("STOPSIGNAL FOO", "bad-signal"),
        ("EXPOSE http", "bad-port"),
        ("EXPOSE 70000", "bad-port"),
        ("EXPOSE 9-1", "bad-port"),
        ("EXPOSE 1/icmp", "bad-port"),
        ("ENV A=${B", "bad-substitution"),
        ("ENV A=${B:?must}", "bad-substitution"),
    ],
)
def test_faults(text: str, expected: str):
    """What Docker would refuse once values are known."""
    (problem,) = config("FROM a\n" + text).diagnostics
    assert problem.code == f"dockerfile/{expected}"
    assert (problem.origin and problem.origin.line, bool(problem.help)) == (2, True)


def test_one_mistake_is_reported_once():
    """What depends on a refused value is unknown rather than wrong again."""
    result = config("FROM a\nARG A=${\nENV B=${A:?must} C=$A\n")
    assert [d.origin and d.origin.line for d in result.diagnostics] == [2]
    assert env(result) == {"B": None, "C": None}


def test_unreached_stages_are_not_worked_out():
    """Docker does not look at them either."""
    assert config("FROM a AS x\nSTOPSIGNAL FOO\nFROM b\n").diagnostics == ()


def test_target_names_the_stage():
    """Its configuration, not the last one's; an unknown one gives a diagnostic and nothing known."""
    text = 'FROM a AS x\nCMD ["1"]\nFROM b\nCMD ["2"]\n'
    assert argv_of(config(text, target="x")) == ("1",)
    missing = config(text, target="y")
    assert [d.code for d in missing.diagnostics] == ["dockerfile/unknown-target"]
    assert argv_of(missing) is None


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("SIGTERM", True),
        ("term", True),
        ("9", True),
        ("0", False),
        ("SIGRTMIN+15", True),
        ("RTMIN+16", False),
        ("RTMAX-14", True),
        ("RTMAX-15", False),
        ("", False),
        ("TERM KILL", False),
        ("SIGSIGTERM", False),
    ],
)
def test_signals(text: str, fine: bool):
    """Names with or without SIG in any case, numbers but 0, real-time offsets."""
    assert is_signal(text) == fine


def test_growing_workdir_ends_in_one_diagnostic():
    """A path beyond what Linux takes is refused there, not joined on and on."""
    dockerfile = parse_dockerfile("FROM a\n" + "WORKDIR abc\n" * 20_000, "Dockerfile")
    started = time.process_time()
    result = image_config(dockerfile, base_config=lambda _: EMPTY_IMAGE)
    assert time.process_time() - started < 3
    assert [d.code for d in result.diagnostics] == ["dockerfile/bad-workdir"]
    assert result.workdir is None


def test_growing_variables_end_in_one_diagnostic():
    """A value that doubles from line to line is given up on, once."""
    dockerfile = parse_dockerfile("FROM a\nENV X=aaaaaaaa\n" + "ENV X=$X$X\n" * 2_000, "Dockerfile")
    started = time.process_time()
    result = image_config(dockerfile, base_config=lambda _: EMPTY_IMAGE)
    assert time.process_time() - started < 5
    assert [d.code for d in result.diagnostics] == ["dockerfile/too-large"]


_BITS = st.sampled_from(
    [
        "FROM a AS b\n", "FROM b\n", "FROM $A\n", "ARG A=1\n", "ENV A=${B:-$A} C\n", "ONBUILD ", "COPY --from=", "CMD ",
        "RUN --mount=", "from=", '"', "'", "\\", "\n", "${", "}", "$", "EXPOSE ", "WORKDIR ", "USER ", "STOPSIGNAL ",
        "HEALTHCHECK --interval=", "<<E", "\nE\n", "\0", "\ud800", "\u2028", "9", "-", "/", "=", " ", "SHELL ",
        "LABEL ", "[",
    ]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(_BITS, max_size=30).map("".join)), st.booleans())
@example('FROM a\nRUN --mount="from=' + "x" * 140_000 + '" y\n', False)
def test_no_text_raises(text: str, known: bool):
    """Whatever the file holds, the answer is a value."""
    dockerfile = parse_dockerfile("FROM a\n" + text, "Dockerfile")
    base = EMPTY_IMAGE if known else None
    argv_of(image_config(dockerfile, base_config=lambda _: base, build_args={"A": "x"}))


def test_prints_as_json():
    """The configuration is plain data."""
    assert b'"argv":["a"]' in to_json(config('FROM a\nCMD ["a"]'))
