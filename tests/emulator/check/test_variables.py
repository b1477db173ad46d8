"""Variables that a command uses and nobody sets."""

import pytest

from emulator.model.diagnostic import Severity
from tests.emulator.check.checking import FROM, check_files, codes, findings

CODE = "env/referenced-not-set"


@pytest.mark.parametrize(
    "cmd",
    [
        "CMD exec app --token=$TOKEN",
        "CMD exec app --token $TOKEN",
        'CMD exec app "$TOKEN"',
        'CMD ["sh", "-c", "exec app -t ${TOKEN}x"]',
        'ENTRYPOINT ["tini", "--"]\nCMD ["sh", "-c", "exec app --token=$TOKEN"]',
        "CMD TOKEN_=1 exec app --token=$TOKEN",
    ],
)
def test_unset_variable_is_found(cmd: str) -> None:
    """It is named; where no file declares any variable, it may be set on the platform, and is only told."""
    [found] = [d for d in findings(cmd) if d.code == CODE]
    assert "TOKEN" in found.message
    assert found.severity is Severity.INFO
    [found] = [d for d in findings(cmd, env={"OTHER": "x"}) if d.code == CODE]
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize(
    "cmd",
    [
        "CMD exec app --port=$PORT --home=$HOME",
        "ENV TOKEN=x\nCMD exec app --token=$TOKEN",
        "CMD TOKEN=x; exec app --token=$TOKEN",
        "CMD export TOKEN=x && exec app --token=$TOKEN",
        "CMD exec app --token=${TOKEN:-none}",
        "CMD exec app --token=${TOKEN:?must be set}",
        "CMD exec app --token='$TOKEN'",
        "CMD exec app --token=\\$TOKEN",
        "CMD exec app $EXTRA_ARGS",
        "CMD echo token: $TOKEN; exec app",
        "CMD . ./vars && exec app --token=$TOKEN",
        "CMD exec app --version=$PYTHON_VERSION",
        'CMD ["app", "--token=$TOKEN"]',
        "CMD for x in a b; do app --token=$TOKEN; done",
    ],
)
def test_set_or_optional_variable_is_silent(cmd: str) -> None:
    """Set by platform, image or the command itself, with a default, quoted, optional, or not sure: nothing."""
    assert CODE not in codes(findings(cmd))


def test_unknown_base_may_set_it() -> None:
    """What an unknown base image sets is not known."""
    assert codes(findings("CMD exec app --home=$JAVA_HOME", base="FROM example.com/java:21\n")) == []


def test_variable_of_the_build_alone_is_not_set() -> None:
    """What only the build sees, the process does not."""
    yaml = (
        "services:\n  - {type: web, name: w, runtime: python, plan: starter, buildCommand: b,\n"
        "     startCommand: app --ci=$CI --venv=$VENV_ROOT}\n"
    )
    [found] = [d for d in check_files({"render.yaml": yaml}).diagnostics if d.code == CODE]
    assert found.message == "nothing sets CI, which the command uses"


def test_variable_given_here_is_set() -> None:
    """What --env gives is set."""
    assert codes(findings("CMD exec app --token=$TOKEN", env={"TOKEN": "x"})) == []


def test_platform_that_replaces_by_itself_is_read_too() -> None:
    """Where the platform replaces variables without a shell, one that is not set becomes nothing."""
    yaml = "services:\n  - {type: web, name: w, runtime: docker, dockerCommand: app --token $TOKEN --port $PORT}\n"
    found = [d for d in check_files({"Dockerfile": FROM, "render.yaml": yaml}).diagnostics if d.code == CODE]
    assert ["TOKEN" in d.message and "PORT" not in d.message for d in found] == [True]
