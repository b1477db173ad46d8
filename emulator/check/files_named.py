"""The files that a command names, and that its program refuses to start without.

Evidence: docs.gunicorn.org, settings (config: `file:`, `python:`; its app/base.py: "doesn't exist"); uvicorn's main.py
(click.Path(exists=True) of --log-config and --env-file); streamlit's web/cli.py ("File does not exist"); fastapi-cli's
discover.py ("Path does not exist"). All are taken from where the program starts.
"""

from collections.abc import Iterator

from .arguments import read_options
from .command import Argument, Started
from .shell import words

_SERVED = {"streamlit": words("run"), "fastapi": words("run dev")}
_OPTIONS = {
    "gunicorn": ("-c", "--config"), "uvicorn": ("--log-config", "--env-file"), "supervisord": ("-c", "--configuration"),
}  # fmt: skip
_SWITCHES = words("--reload --no-reload --proxy-headers --no-proxy-headers --factory -n --nodaemon -R --preload")


def files_named(run: Started) -> Iterator[str]:
    """Each as it is written."""
    if run.script is not None:
        yield run.script
    options = read_options(run.args, _SWITCHES)
    if run.program in _SERVED and options.rest and options.rest[0].text in _SERVED[run.program]:
        yield from _known(options.rest[1:2])
    for name in _OPTIONS.get(run.program, ()):
        yield from _known(options.values.get(name, ())[-1:])


def _known(words: tuple[Argument, ...]) -> Iterator[str]:
    for word in words:
        if word.known and word.text and not word.text.startswith(("python:", "-")):
            yield word.text.removeprefix("file:")
