"""A shell as first process: whether it gives way to the app, as far as that is certain."""

import pytest

from tests.emulator.check.checking import check_files, codes, findings

CODE = "start/shell-swallows-signals"


@pytest.mark.parametrize(
    "cmd",
    [
        "CMD python app.py",
        "CMD A=b python app.py",
        "CMD python first.py; python app.py",
        "CMD cd src && python app.py",
        'CMD ["sh", "-c", "python app.py"]',
        "CMD python app.py > log",
        'CMD ["bash", "-c", "python app.py > log"]',
        'CMD ["bash", "-c", "first | python app.py"]',
        'ENTRYPOINT ["/bin/sh", "-c"]\nCMD ["python app.py"]',
    ],
)
def test_shell_that_stays_is_found(cmd: str) -> None:
    """dash stays before any last command; bash behind `|` and with a redirection."""
    assert codes(findings(cmd)) == [CODE]


@pytest.mark.parametrize(
    "cmd",
    [
        "CMD exec python app.py",
        "CMD cd src && exec python app.py",
        'CMD ["python", "app.py"]',
        'CMD ["bash", "-c", "python app.py"]',
        'CMD ["bash", "-c", "a; python app.py"]',
        'CMD ["bash", "-c", "a || python app.py"]',
        'SHELL ["/bin/bash", "-c"]\nCMD python app.py',
        'ENTRYPOINT ["tini", "--"]\nCMD ["sh", "-c", "python app.py"]',
        "CMD trap 'kill 0' TERM; python app.py",
        "CMD python a.py & python b.py & wait",
        "CMD if true; then python app.py; fi",
        "RUN ln -sf /bin/bash /bin/sh\nCMD python app.py",
    ],
)
def test_shell_that_gives_way_or_may_is_silent(cmd: str) -> None:
    """Nothing is said where the app becomes the first process, or a script sees to signals."""
    assert CODE not in codes(findings(cmd))


@pytest.mark.parametrize("base", ["FROM python:3.13-alpine\n", "FROM fedora:42\n", "FROM example.com/base:1\n"])
def test_other_shells_are_silent(base: str) -> None:
    """What /bin/sh is in other images, and whether it gives way, is not known."""
    assert codes(findings("CMD python app.py", base=base)) == []


def test_run_that_ends_by_itself_is_silent() -> None:
    """A cron job is not replaced while it runs."""
    yaml = "services:\n  - {type: cron, name: c, runtime: docker, plan: starter, schedule: '0 0 * * *'}\n"
    files = {"Dockerfile": "FROM python:3.13-slim\nCMD python app.py\n", "render.yaml": yaml}
    assert CODE not in codes(check_files(files).diagnostics)
