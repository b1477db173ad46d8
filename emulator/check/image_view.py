"""What a container's first process finds in the worked-out image: its directory, its Python, its search paths."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from emulator.image.interpreters import Python, python_of
from emulator.image.tree import Folder
from emulator.image.tree_files import TreeFiles
from emulator.image.working import Worked

from .arguments import read_options
from .command import Started
from .subject import Subject

_CHDIR = {
    "gunicorn": ("--chdir",), "uvicorn": ("--app-dir",), "celery": ("--workdir",), "granian": ("--working-dir",),
}  # fmt: skip
"""The option by which each server changes the directory it imports from (their settings' references)."""


class ImageView:
    """The image as one command sees it."""

    def __init__(self, subject: Subject, run: Started, worked: Worked) -> None:
        self.subject = subject
        self.run = run
        self.worked = worked
        self.tree: Folder = worked.tree
        self.files = TreeFiles(worked.tree, subject.repo)

    @cached_property
    def environ(self) -> Mapping[str, str | None]:
        """Every variable that is known of: the image's, the service's, the command line's.

        The image worked out knows PATH of a plain base, and so what `ENV PATH=/venv/bin:$PATH` makes of it."""
        config = self.worked.config
        own = {setting.name: setting.value for setting in config.env} if config is not None else {}
        given = {one.name for one in self.subject.container.env}
        better = {name: value for name, value in own.items() if value is not None and name not in given}
        return {**own, **self.subject.environ, **better, **self.run.variables}

    @cached_property
    def directory(self) -> str | None:
        """Where the program runs; None when it is not known."""
        config = self.worked.config
        here = config.workdir if config is not None else None
        if here is None or self.run.directory == "":
            return None
        return posixpath.normpath(posixpath.join(here or "/", self.run.directory or ""))

    @cached_property
    def import_directory(self) -> str | None:
        """The directory whose modules are found first, for a module that the command names."""
        options = _CHDIR.get(self.run.program)
        here = self.directory
        if here is None or (self.run.program == "gunicorn" and self._is_moved_by_settings(here)):
            return None
        if options is None:
            return here
        given = read_options(self.run.args, frozenset()).last(*options)
        if given is None:
            return here
        return posixpath.normpath(posixpath.join(here, given.text)) if given.known else None

    def _is_moved_by_settings(self, here: str) -> bool:
        """Whether gunicorn's configuration file, or GUNICORN_CMD_ARGS, may change where modules are looked for
        (docs.gunicorn.org, settings: chdir, pythonpath, wsgi_app)."""
        more = self.environ.get("GUNICORN_CMD_ARGS", "")
        text = self.gunicorn_settings(here)
        if more is None or text is None or "path" in more or "chdir" in more:
            return True
        return any(word in text for word in ("chdir", "path", "wsgi_app", "DJANGO_", "import *"))

    def gunicorn_settings(self, here: str) -> str | None:
        """What gunicorn's configuration file says, "" where there is none; None where it is not known. here: the
        directory in which gunicorn runs."""
        given = read_options(self.run.args, frozenset()).last("-c", "--config")
        named = given.text if given is not None else "gunicorn.conf.py"
        more = self.environ.get("GUNICORN_CMD_ARGS", "")
        if (given is not None and not given.known) or more is None or "-c" in more or named.startswith("python:"):
            return None
        path = posixpath.join(here, named.removeprefix("file:"))
        return "" if self.files.look(path) == "absent" else self.files.read(path)

    @cached_property
    def program(self) -> str:
        """The program as the command writes it, with its folders; of `python -m X` the python."""
        text = " ".join((self.subject.container.command.argv or ()) if self.subject.container.command else ())
        name = re.escape(self.run.program)
        folders = r"(?<![\w./-])((?:[\w.@+-]*/)*)"
        as_module = re.search(rf"{folders}(python[\d.]*)\s+(?:-[A-Za-z]+\s+)*-m\s+{name}(?![\w./-])", text)
        found = as_module or re.search(rf"{folders}({name})(?![\w./-])", text)
        word = f"{found[1]}{found[2]}" if found is not None else self.run.program
        return posixpath.normpath(posixpath.join(self.directory or "", word)) if "/" in word else word

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file that is executed by its path: the container's first process, and the program that stays."""
        command = self.subject.container.command
        argv = command.argv if command is not None else None
        words = [*(argv[:1] if argv else ()), *(() if self.run.changed else (self.program,))]
        here = self.directory
        known = (word for word in words if "/" in word and (here is not None or word.startswith("/")))
        found = [posixpath.normpath(posixpath.join(here or "/", word)) for word in known]
        return tuple(dict.fromkeys(found))

    @cached_property
    def python(self) -> Python | None:
        """The Python that runs it; None when it is not known, as in a package manager's own environment."""
        if self.run.runner:
            return None
        return python_of(self.program, self.environ, self.tree)

    def roots(self, first: str) -> Iterator[str]:
        """sys.path, as far as it is known: `first`, PYTHONPATH, site-packages, the user's own."""
        yield first
        if self.run.module is not None and self.directory is not None:  # `python -m` puts its directory first
            yield self.directory
        if self.run.program == "gunicorn":
            given = read_options(self.run.args, frozenset()).values.get("--pythonpath", ())
            yield from (posixpath.normpath(posixpath.join(first, one)) for arg in given for one in arg.text.split(","))
        path = self.environ.get("PYTHONPATH", "")
        for one in (path or "").split(":"):
            if one:
                yield posixpath.normpath(posixpath.join(self.directory or "/", one))
        if self.python is not None:
            for home in self._homes():
                yield f"{home}/.local/lib/python{self.python.version}/site-packages"
            yield self.python.site

    def _homes(self) -> Iterator[str]:
        config = self.worked.config
        user = (config.user if config is not None else None) or "root"
        name = user.partition(":")[0]
        yield from dict.fromkeys((self.environ.get("HOME") or "/root", "/root" if name == "root" else f"/home/{name}"))

    @property
    def paths_are_known(self) -> bool:
        """Whether `roots` gives all of sys.path."""
        python_path = self.environ.get("PYTHONPATH", "")
        return self.python is not None and python_path is not None and "PYTHONHOME" not in self.environ


def view_of(subject: Subject) -> ImageView | None:
    """How the container's command sees its image; None where either is not known."""
    run, worked = subject.started, subject.worked
    if run is None or worked is None or not run.program or worked.failures or not subject.runs_its_command:
        return None
    return ImageView(subject, run, worked)
