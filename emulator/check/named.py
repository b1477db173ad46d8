"""The Python modules that a command names: itself, and through the files that name Django's settings."""

import posixpath
import re
from collections.abc import Iterator

from emulator.image.imports import Found, find_module
from emulator.model.record import Record

from .image_view import ImageView
from .servers import target

_SETTINGS = "DJANGO_SETTINGS_MODULE"
_DOTTED = r"\w+(\.\w+)*"


class Named(Record, frozen=True):
    """A module that is imported at the start. by: who names it, for people. first: the directory it is looked for in
    first. or_attribute: whether its last part may be an object of its parent (celery's `-A shop.worker.app`). file and
    line: where it is named, if not in the command. is_default: whether a variable that is not known of may replace
    it."""

    module: str
    by: str
    first: str
    or_attribute: bool = False
    file: str | None = None
    line: int = 1
    is_default: bool = False


def modules_named(view: ImageView) -> Iterator[Named]:
    """Every module that surely has to be there, in the order in which they are imported."""
    run, first = view.run, view.import_directory
    if first is None or run.changed:
        return
    if run.module is not None and re.fullmatch(_DOTTED, run.module):
        yield Named(run.module, "python -m", first)
    served = target(run, view.environ) if run.complete else None
    if served is not None:
        dotted = run.program == "celery" and served.attribute is None and "." in served.module
        yield Named(served.module, run.program, first, or_attribute=dotted)
        answer = find_module(view.tree, list(view.roots(first)), served.module)
        if isinstance(answer, Found) and answer.path.endswith(".py"):
            yield from _settings(view, answer.path, first)
    elif run.program == "django" and run.script is not None and view.directory is not None:
        path = posixpath.normpath(posixpath.join(view.directory, run.script))
        yield from _settings(view, path, posixpath.dirname(path))


# ---- Django's settings ---------------------------------------------------------------------------------


def _settings(view: ImageView, path: str, first: str) -> Iterator[Named]:
    """The settings module that a manage.py, wsgi.py or asgi.py asks for (docs.djangoproject.com, "Django settings"):
    `--settings`, else the variable, else what the file itself gives."""
    text = view.files.read(path)
    made = view.worked.look(path).made
    if text is None or _SETTINGS not in text or "sys.path" in text or made is None or made.by != "context":
        return
    if any(arg.text.startswith("--settings") or _SETTINGS in arg.text for arg in view.run.args):
        return
    given = _given(text)
    if given is None:
        return
    module, line, is_forced = given
    if not is_forced and _SETTINGS in view.environ:
        value = view.environ[_SETTINGS]
        if value and re.fullmatch(_DOTTED, value):
            yield Named(value, _SETTINGS, first)
        return
    reads_a_file = "dotenv" in text or "read_env" in text
    if re.fullmatch(_DOTTED, module) and (is_forced or not reads_a_file):
        yield Named(module, made.path, first, file=made.path, line=line, is_default=not is_forced)


def _given(text: str) -> tuple[str, int, bool] | None:
    """The one literal value that a file gives the variable, its line, and whether it replaces what is set."""
    import ast  # takes long to load

    from .python_source import parsed

    tree = parsed(text)
    found: list[tuple[str, int, bool]] = []
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.Call(func=ast.Attribute(attr="setdefault"), args=[ast.Constant(value=key), value]):
                is_forced = False
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=key))], value=value):
                is_forced = True
            case _:
                continue
        if key == _SETTINGS:
            literal = value.value if isinstance(value, ast.Constant) else None
            found.append((literal if isinstance(literal, str) else "", node.lineno, is_forced))
    return found[0] if len(found) == 1 and found[0][0] else None
