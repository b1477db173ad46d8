"""The machine interface, as a script sees it: exit codes, the two streams, JSON and nothing else, the same bytes."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from emulator.cli import COMMANDS
from emulator.model.event import AnyEvent
from emulator.model.plan import Plan
from emulator.model.record import to_json
from platforms import PLATFORMS
from tests.example_files import EXAMPLES
from tests.running_emu import CHECKOUT, EMU, Ran, emu_here, environment, heed_ctrl_c, published, run_emu

PLANNING = ("plan", "check")
ESCAPE = "\x1b"
DEAD_ENGINE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository whose plan is good."""
    (tmp_path / "Dockerfile").write_text('FROM python:3.11-slim\nCOPY . .\nCMD ["python", "app.py"]\n')
    (tmp_path / "app.py").touch()
    return tmp_path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A repository whose deploy would fail: nothing in it can be run."""
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "notes.txt").touch()
    return folder


@pytest.mark.parametrize("command", PLANNING)
def test_good_answer_ends_with_0(repo: Path, command: str) -> None:
    """A plan without errors ends with 0, and everything it says is on stdout."""
    ran = run_emu(command, "--root", str(repo))
    assert (ran.code, ran.err) == (0, "")
    assert "python app.py" in ran.out


@pytest.mark.parametrize("command", PLANNING)
@pytest.mark.parametrize("form", ["text", "json"])
def test_error_in_the_files_ends_with_1(bad: Path, command: str, form: str) -> None:
    """A diagnostic of severity error ends with 1; the document is there all the same, on stdout."""
    ran = run_emu(command, "--root", str(bad), "--format", form)
    assert (ran.code, ran.err) == (1, "")
    if form == "json":
        assert "error" in {d["severity"] for d in ran.document()["diagnostics"]}
    else:
        assert "error[" in ran.out


GOOD = str(EXAMPLES / "render-exits-zero")
WRONG_USAGE = {
    "an unknown command": ["plam"],
    "an unknown option": ["plan", "--no-such-option"],
    "an option without its value": ["plan", "--root"],
    "an abbreviated option": ["plan", "--snap", "index"],
    "a value that is no choice": ["plan", "--format", "yaml"],
    "two paths": ["plan", "a", "b"],
    "a path that is not there": ["plan", "/no/such/place"],
    "a root that is not there": ["plan", "--root", "/no/such/place"],
    "a root that is a file": ["plan", "--root", __file__],
    "an unknown platform": ["plan", "--platform", "nowhere", "--root", str(EXAMPLES)],
    "an unknown revision": ["plan", "--snapshot", "no-such-revision", "--root", str(CHECKOUT)],
    "a variable without a value": ["plan", "--env", "NAME", "--root", str(EXAMPLES)],
    "a variables file that is not there": ["plan", "--env-file", "/no/such/file", "--root", str(EXAMPLES)],
    "a time scale that is no number": ["up", "--once", "--time-scale", "fast", "--root", GOOD],
    "a base image without its substitute": ["up", "--once", "--base-image", "x", "--root", GOOD],
    "an unknown schema": ["schema", "nothing"],
    "options and no command": ["--no-such-option"],
}  # fmt: skip


@pytest.mark.parametrize("arguments", WRONG_USAGE.values(), ids=WRONG_USAGE)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    """What cannot be obeyed ends with 2, one finding on stderr that says what to do, and no traceback."""
    ran = run_emu(*arguments)
    assert ran.code == 2, ran.out + ran.err
    assert ran.out == ""
    assert "error[" in ran.err
    assert "help: " in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("arguments", WRONG_USAGE.values(), ids=WRONG_USAGE)
def test_wrong_usage_is_json_where_json_is_asked_for(arguments: list[str]) -> None:
    """With --format json the finding stands on stdout too, as published; nothing else is there."""
    ran = emu_here(*arguments, "--format=json")
    assert ran.code == 2
    if arguments[0] == "up":
        assert [event["event"] for event in _events(ran)] == ["diagnostic"]
    else:
        assert [d["severity"] for d in _findings(ran)] == ["error"]


@pytest.mark.parametrize("name", ["x" * 300, "a\nb", "\udcff", "-"], ids=["too long", "two lines", "no text", "a dash"])
def test_impossible_path_ends_with_2(tmp_path: Path, name: str) -> None:
    """A PATH that no file can have, or that a terminal cannot show, is refused like any other that is not there."""
    ran = run_emu("plan", str(tmp_path / name))
    assert (ran.code, ran.out) == (2, "")
    assert "error[" in ran.err


@pytest.mark.parametrize("form", ["text", "json"])
def test_engine_that_is_not_there_ends_with_3(repo: Path, form: str) -> None:
    """Without an engine `up` ends with 3 and says how to get one; planning does not need it."""
    ran = run_emu("up", "--once", "--root", str(repo), "--format", form, env=DEAD_ENGINE)
    assert ran.code == 3
    assert "help: " in ran.err
    assert "Traceback" not in ran.err
    if form == "json":
        found = [event["diagnostic"] for event in _events(ran) if event["event"] == "diagnostic"]
        assert [d["fault"] for d in found] == ["host"]
    assert run_emu("plan", "--root", str(repo), env=DEAD_ENGINE).code == 0


def test_refused_up_ends_with_1_before_any_engine(bad: Path) -> None:
    """An error of the check stops `up` before it looks for an engine: refused, as the last line."""
    ran = run_emu("up", "--once", "--root", str(bad), "--format", "json", env=DEAD_ENGINE)
    assert ran.code == 1
    assert _events(ran)[-1]["verdict"] == "refused"


def test_a_refused_up_is_one_of_the_deploys(bad: Path, tmp_path: Path) -> None:
    """Also the first of a project: with its number, which nothing else has, and why."""
    state = {"XDG_STATE_HOME": str(tmp_path / "state"), **DEAD_ENGINE}
    for number in (1, 2):
        ran = run_emu("up", "--once", "--root", str(bad), "--format", "json", env=state)
        assert (_events(ran)[-1]["deploy"], _events(ran)[-1]["verdict"]) == (number, "refused")
    listed = run_emu("deploys", "--root", str(bad), "--format", "json", env=state).document()["deploys"]
    found = [(one["record"]["deploy"], one["record"]["verdict"], one["record"]["trigger"]) for one in listed]
    assert found == [(2, "refused", "up"), (1, "refused", "up")]
    assert listed[0]["record"]["reason"] == _events(ran)[-1]["reason"]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A copy of emu with a bug in its platform."""
    copy = tmp_path / "broken"
    for part in ("emulator", "platforms"):
        shutil.copytree(CHECKOUT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "platforms" / "render" / "__init__.py").open("a") as file:
        file.write("\n\ndef resolve(repo, inputs, detected):\n    return 1 / 0\n")
    return copy


@pytest.mark.parametrize("form", ["text", "json"])
def test_own_fault_ends_with_70(broken: Path, repo: Path, form: str) -> None:
    """A bug of ours ends with 70, says that it is ours, and leaves what to report in a file it names."""
    done = subprocess.run(
        [*EMU, "plan", "--root", str(repo), "--format", form], cwd=broken, capture_output=True, text=True, check=False,
        env=environment({"TMPDIR": str(broken), "PYTHONPATH": str(broken)}),
    )  # fmt: skip
    assert done.returncode == 70
    assert "Traceback" not in done.stdout + done.stderr
    assert "a bug of emu" in done.stderr
    [report] = broken.glob("emu-fault-*.log")
    assert str(report) in done.stderr.replace("\n    ", "")
    assert "ZeroDivisionError" in report.read_text()
    if form == "json":
        [found] = _findings(Ran(done.returncode, done.stdout, done.stderr))
        assert found["fault"] == "bug"


@pytest.mark.parametrize("command", ["plan", "check", "compare", "context", "what-if --env A=b", "fix", "diff"])
def test_common_options_are_taken_by_all_that_plan(command: str, repo: Path) -> None:
    """One line of options serves them all: how something would be run changes no plan."""
    options = ["--base-image", "python:3.11-slim=python:3.13-slim", "--limits", "all", "--time-scale", "0.1"]
    where = ["--root", str(repo), "--format", "json"]
    plain = emu_here(*command.split(), *where)
    assert emu_here(*command.split(), *where, *options, "--faithful-timing") == plain


@pytest.mark.parametrize("before", [["--format", "json"], ["--env", "A=plan-b"], ["--verbose"]])
def test_options_may_stand_before_the_command(before: list[str], repo: Path) -> None:
    """The command is the word that is one, wherever it stands."""
    ran = run_emu(*before, "plan", str(repo))
    assert "no command" not in ran.err
    assert ran.out


def test_wrong_usage_of_up_is_an_event_of_its_stream() -> None:
    """What `up --format json` prints is always a stream of events, also when it cannot even begin."""
    ran = run_emu("up", "--no-such-option", "--format", "json")
    assert ran.code == 2
    [event] = _events(ran)
    assert event["event"] == "diagnostic"


@pytest.mark.docker
@pytest.mark.parametrize("command", ["ps", "down"])
def test_what_runs_is_printed_by_its_schema(command: str, repo: Path) -> None:
    """`ps` and `down` print documents of the published schema."""
    published(command).validate(run_emu(command, str(repo), "--format", "json").document())


def test_deploys_are_printed_by_their_schema(repo: Path) -> None:
    """Without an engine, and where there was none; a number that is not remembered is refused."""
    listed = run_emu("deploys", str(repo), "--format", "json").document()
    published("deploys").validate(listed)
    assert listed["deploys"] == []
    assert run_emu("deploys", "7", "--root", str(repo)).code == 2


def test_platforms_are_printed_by_their_schema() -> None:
    """So does `platforms`."""
    published("platforms").validate(run_emu("platforms", "--format", "json").document())


@pytest.mark.docker
def test_interrupted_ends_with_130(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a build ends with 130, without a traceback."""
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.11-slim\nRUN echo {tmp_path} && sleep 60\nCMD true\n")
    with subprocess.Popen(
        [*EMU, "up", "--once", "--format", "json", "--root", str(tmp_path)], cwd=CHECKOUT, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c,  # noqa: PLW1509
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            for line in process.stdout:
                if json.loads(line)["event"] == "log":
                    break
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 130
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


def test_help_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """--help ends with 0 on stdout, for emu and for every command; so does --version."""
    for arguments in ([], ["--help"], ["--version"], ["plan", "--help"]):
        ran = run_emu(*arguments)
        assert (ran.code, ran.err) == (0, ""), arguments
        assert ran.out.strip(), arguments
    for name in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            emu_here(name, "--help")
        printed = capsys.readouterr()
        assert (ended.value.code, printed.err) == (0, ""), name
        assert printed.out.strip(), name


def test_reader_that_leaves_is_no_fault(repo: Path) -> None:
    """`emu plan | head -0` prints no complaint."""
    with subprocess.Popen(
        [*EMU, "plan", "--root", str(repo)], cwd=CHECKOUT, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize("command", PLANNING)
def test_document_obeys_its_schema_and_loads_back(command: str, repo: Path, bad: Path) -> None:
    """The document is valid against `emu schema plan`, and strictly decodes into a Plan that prints the same."""
    for root in (repo, bad, EXAMPLES / "render-dockerfile-outlived-its-module"):
        ran = run_emu(command, "--root", str(root), "--format", "json")
        published("plan").validate(ran.document())
        plan = msgspec.json.decode(ran.out, type=Plan, strict=True)
        assert json.loads(to_json(plan)) == ran.document()


@pytest.mark.parametrize("command", PLANNING)
def test_same_files_and_options_give_the_same_bytes(command: str, repo: Path) -> None:
    """Twice in a row, from other places, in other time zones and under other hash seeds: the same bytes."""
    for form in ("text", "json"):
        arguments = (command, "--root", str(repo), "--format", form)
        first = run_emu(*arguments, env={"PYTHONHASHSEED": "1", "TZ": "UTC"})
        elsewhere = {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
        assert run_emu(*arguments, env=elsewhere) == first


def test_plan_is_one_line_of_json(repo: Path) -> None:
    """The document is one line, so that several can be put one after the other."""
    assert run_emu("plan", "--root", str(repo), "--format", "json").out.count("\n") == 1


def test_a_doubtful_line_of_a_variables_file_is_told_and_does_not_stop(repo: Path) -> None:
    """A name given twice takes its last value and a name without `=` is left out: both are said, the plan is made."""
    (repo / "doubtful.env").write_text("PORT=9000\nPORT=9001\nALONE\n")
    ran = run_emu("plan", "--root", str(repo), "--env-file", str(repo / "doubtful.env"), "--format", "json")
    assert ran.code == 0, ran.err
    [service] = ran.document()["services"]
    assert service["port"]["number"] == 9001
    assert "doubtful.env:3" in ran.err


def test_values_of_variables_files_are_never_printed(repo: Path) -> None:
    """What --env-file brings is a name in the document, not a value."""
    secret = "correct-horse-battery-staple"
    (repo / "secrets.env").write_text(f"TOKEN={secret}\n")
    for form in ("text", "json"):
        ran = run_emu("plan", "--root", str(repo), "--env-file", str(repo / "secrets.env"), "--format", form)
        assert ran.code == 0
        assert secret not in ran.out + ran.err
        assert "TOKEN" in ran.out


def test_no_color_is_obeyed(bad: Path) -> None:
    """A terminal gets colour; with NO_COLOR, with TERM=dumb, or without a terminal there is none."""
    assert ESCAPE in _on_a_terminal("plan", "--root", str(bad), env={"TERM": "xterm"})
    assert ESCAPE not in _on_a_terminal("plan", "--root", str(bad), env={"TERM": "xterm", "NO_COLOR": "1"})
    assert ESCAPE not in _on_a_terminal("plan", "--root", str(bad), env={"TERM": "dumb"})
    assert ESCAPE not in _on_a_terminal("plan", "--root", str(bad), "--format", "json", env={"TERM": "xterm"})
    assert ESCAPE not in run_emu("plan", "--root", str(bad), env={"TERM": "xterm"}).out


def test_a_terminal_without_a_size_is_not_a_narrow_one(bad: Path) -> None:
    """A pseudo-terminal that nobody gave a size says 0 columns; lines are as wide as without a terminal."""
    printed = _on_a_terminal("plan", "--root", str(bad), env={"NO_COLOR": "1"}).replace("\r\n", "\n")
    assert printed == run_emu("plan", "--root", str(bad)).out


def test_schemas_are_listed_and_each_is_a_schema() -> None:
    """`emu schema` lists the names; each is a JSON Schema. In what is printed every object names all its keys as
    required; in emu.toml and a platform's file a user may leave some out."""
    names = run_emu("schema").out.split()
    assert {"plan", "event", "diagnostic", "config", "render.yaml"} <= set(names)
    assert run_emu("schema", "plan").document() == published("plan").schema
    written = {"config", *(name for platform in PLATFORMS.values() for name in platform.schemas())}
    assert all(published(name).schema["type"] == "object" for name in written)
    for name in set(names) - written:
        parts = published(name).schema["$defs"].values()
        objects = [part for part in parts if part.get("type") == "object"]
        assert objects
        assert all(sorted(part["required"]) == sorted(part["properties"]) for part in objects)


def test_schema_of_events_names_every_kind() -> None:
    """The published kinds of events are those of the program."""
    kinds = {kind.__struct_config__.tag for kind in AnyEvent.__args__}
    assert set(published("event").schema["discriminator"]["mapping"]) == kinds


def _findings(ran: Ran) -> list[dict[str, str]]:
    """The diagnostics of a command that could not answer."""
    document = ran.document()
    published("error").validate(document)
    return document["diagnostics"]


def _events(ran: Ran) -> list[dict[str, object]]:
    """stdout of `up`: every line an event."""
    for event in ran.lines():
        published("event").validate(event)
    return ran.lines()


def _on_a_terminal(*arguments: str, env: dict[str, str]) -> str:
    """What `emu` prints on a terminal of its own."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [*EMU, *arguments], cwd=CHECKOUT, env=environment(env), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        printed = bytearray()
        while part := _read(ours):
            printed += part
        process.wait(timeout=20)
    os.close(ours)
    return printed.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux's word for "the other side is closed"
        return b""


def test_interpreter_is_the_one_of_the_tests() -> None:
    """What is tested is this checkout under this interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", "import emulator; print(emulator.__file__)"], cwd=CHECKOUT, env=environment(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(done.stdout.strip()).parent == CHECKOUT / "emulator"


def test_check_refuses_what_the_command_line_decides(tmp_path: Path) -> None:
    """An error of the check ends `check` with 1 and stops `up` before any engine, unless it is to be built anyway, or
    is silenced."""
    dockerfile = tmp_path / "Dockerfile"
    # Which version it is, is not known, and so not what it lacks.
    dockerfile.write_text('FROM python:3-slim\nCMD ["uvicorn", "app:app"]\n')
    root = ("--root", str(tmp_path))
    assert (run_emu("plan", *root).code, run_emu("check", *root).code) == (0, 1)
    assert run_emu("up", "--once", *root, env=DEAD_ENGINE).code == 1
    assert run_emu("up", "--once", "--build-anyway", *root, env=DEAD_ENGINE).code == 3
    (tmp_path / "emu.toml").write_text('[check]\nignore = [{ code = "start/loopback-bind", reason = "a test" }]\n')
    assert run_emu("check", *root).code == 0
    assert run_emu("up", "--once", *root, env=DEAD_ENGINE).code == 3


def test_explanations_are_printed_by_their_schema() -> None:
    """`emu explain` prints a document of the published schema for a finding and for a platform's rule; a code nobody
    knows is wrong usage, with the nearest one."""
    for code in ("start/port-literal", "render/port-scan"):
        document = run_emu("explain", code, "--format", "json").document()
        published("explanation").validate(document)
        assert [document["check"] is not None, document["platform"] is not None].count(True) == 1
    assert "PORT" in run_emu("explain", "start/port-literal").out
    assert "start/port-literal" in run_emu("explain").out
    wrong = run_emu("explain", "start/port-litteral")
    assert wrong.code == 2
    assert "start/port-literal" in wrong.err


@pytest.mark.parametrize("command", PLANNING)
def test_an_option_of_one_platform_means_that_platform(tmp_path: Path, command: str) -> None:
    """--blueprint is Render's alone, also where another platform's file lies in the root; --platform still wins."""
    (tmp_path / "service.yaml").write_text("apiVersion: serving.knative.dev/v1\nkind: Service\n")
    (tmp_path / "Dockerfile").write_text('FROM python:3.11-slim\nCMD ["python", "-m", "http.server"]\n')
    (tmp_path / "blue.yaml").write_text("services:\n  - {type: web, name: shop, runtime: docker}\n")
    told = run_emu(command, "--root", str(tmp_path), "--blueprint", "blue.yaml", "--format", "json").document()
    assert (told["platform"], told["detected"]["because"]) == ("render", "--blueprint is given")
    asked = run_emu(command, "--root", str(tmp_path), "--blueprint", "blue.yaml", "--platform", "cloud-run",
                    "--format", "json").document()  # fmt: skip
    assert asked["platform"] == "cloud-run"
