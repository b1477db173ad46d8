"""The modules that are imported at the start, one through the other, and are surely not in the image: the repository's
own, and those that no requirement brings.

Followed are the imports that always run, at the left margin of a file's text; what is found to be missing is looked at
more closely before it is told.
"""

import posixpath
import re
from collections.abc import Iterator

from emulator.image.context import LeftOut
from emulator.image.dependencies import ANY
from emulator.image.imports import Answer, Found, Missing, find_module
from emulator.model.diagnostic import Diagnostic, Related, Severity
from emulator.model.origin import Origin
from emulator.model.record import Record

from .image_view import ImageView, view_of
from .named import modules_named
from .rule import CheckRule, Sample
from .starting import are_alike, plain
from .subject import Subject

_LISTED = r"(?ms)^(?:INSTALLED_APPS|MIDDLEWARE)[ \t]*\+?=[ \t]*[\[(](.*?)[\])]"
"""What Django imports when it is set up (docs.djangoproject.com, "Applications", "Middleware")."""
MAX_FILES = 150
MAX_CHARACTERS = 200_000
_FROM = "FROM python:3.13-slim\nWORKDIR /app\n"
_APP = {"app.py": "from prices import total\n\nprint(total())\n", "prices.py": "def total():\n    return 1\n"}

IMPORT = CheckRule(
    code="start/import-not-found",
    severity=Severity.ERROR,
    statement="A module that the command runs imports another, or a name of it, which the image surely does not have.",
    why=(
        "The process ends as soon as it starts, with ModuleNotFoundError or ImportError. The file was renamed or "
        "deleted, is kept from the builder, no COPY names it, or no requirement brings it: it is there on your machine "
        "alone."
    ),
    wrong=Sample(
        files=_APP | {"Dockerfile": f'{_FROM}COPY app.py .\nCMD ["python", "app.py"]\n'}, file="Dockerfile", line=4
    ),
    right=Sample(files=_APP | {"Dockerfile": f'{_FROM}COPY app.py prices.py ./\nCMD ["python", "app.py"]\n'}),
)

RULES = (IMPORT,)

_LINE = r"(?m)^(?:from[ \t]+(\.*[\w.]*)[ \t]+import\b[ \t]*(\([^)]*\)?|[^\n]*)|import[ \t]+([\w.]+))"
_ITEM = r"(?m)(?:^|,)[ \t(]*(\w+)"
_BY_OTHER_MEANS = ("*", "__getattr__", "globals", "locals", "exec", "setattr", "vars(", "modules")
"""A text that has one of these may have names that it does not bind by themselves."""
_MOVES = (
    "sys.path", "sys.modules", "sys.meta_path", "addsitedir", "__path__", "extend_path", "importlib", "__import__",
)  # fmt: skip
"""A text that has one of these may change where modules come from."""


class _Import(Record, frozen=True):
    """One name of a line of a file. name: the dotted module that has to be there, without dots before it. item: what is
    taken from it, "" for nothing."""

    file: str
    line: int
    name: str
    item: str


def import_not_found(subject: Subject) -> Iterator[Diagnostic]:
    view = view_of(subject)
    if view is None or view.run.changed or view.directory is None:
        return
    for first, file in begins(view):
        missing = next(_Walk(view, first).missing(file), None)
        if missing is not None:
            yield _finding(subject, view, *missing)
            return


def begins(view: ImageView) -> Iterator[tuple[str, str]]:
    """The files that are executed or imported first, each with the directory that its imports are looked for in."""
    run = view.run
    if run.script is not None and run.program == "python" and run.script.endswith(".py"):
        path = posixpath.normpath(posixpath.join(view.directory or "/", run.script))
        yield posixpath.dirname(path), path
    for named in modules_named(view):
        answer = find_module(view.tree, list(view.roots(named.first)), named.module)
        if isinstance(answer, Found) and answer.path.endswith(".py"):
            yield named.first, answer.path
            if run.module is not None and answer.is_package:
                yield named.first, posixpath.join(posixpath.dirname(answer.path), "__main__.py")


class _Walk:
    """From one file through what it imports."""

    def __init__(self, view: ImageView, first: str) -> None:
        self.view = view
        self.roots = list(view.roots(first))
        self._answers: dict[str, Answer] = {}

    def missing(self, file: str) -> Iterator[tuple[_Import, str]]:
        """The imports that surely fail, each with the module that is not there."""
        pending, seen = [file], {file}
        while pending and len(seen) <= MAX_FILES:
            path = pending.pop()
            text = self._own_text(path)
            if text is None:
                continue
            if any(word in text for word in _MOVES):
                return
            for one in self._imports(path, text):
                part = self._lacks(one)
                if part is not None and _always_runs(text, one.line):
                    yield one, part
                for found in self._leads_to(one):
                    if found not in seen:
                        seen.add(found)
                        pending.append(found)

    def _own_text(self, path: str) -> str | None:
        """The text of a file of the repository."""
        made = self.view.worked.look(path).made
        text = self.view.files.read(path) if made is not None and made.by == "context" else None
        return text if text is not None and len(text) < MAX_CHARACTERS else None

    def _imports(self, path: str, text: str) -> Iterator[_Import]:
        for found in re.finditer(_LINE, text):
            name = found[1] or found[3] or ""
            name = self._absolute(path, name) if name.startswith(".") else name
            line = text.count("\n", 0, found.start()) + 1
            items = re.findall(_ITEM, re.sub(r"#.*", "", found[2])) if found[2] else ()
            for item in dict.fromkeys(items or ("",)) if name else ():
                yield _Import(path, line, name, item)
        for listed in re.finditer(_LISTED, text) if "INSTALLED_APPS" in text or "MIDDLEWARE" in text else ():
            uncommented = re.sub("#.*", lambda comment: " " * len(comment[0]), listed[1])
            for found in re.finditer(r"['\"]([\w.]+)['\"]", uncommented):
                line = text.count("\n", 0, listed.start(1) + found.start(1)) + 1
                yield _Import(path, line, found[1].partition(".")[0], "")

    def _absolute(self, path: str, name: str) -> str:
        """A relative name from the root that its file lies under; "" where that is not known."""
        folder = posixpath.dirname(path)
        tail = name.lstrip(".")
        for _ in range(len(name) - len(tail) - 1):
            folder = posixpath.dirname(folder)
        root = next((root for root in self.roots if folder.startswith(f"{root.rstrip('/')}/")), None)
        if root is None:
            return ""
        package = posixpath.relpath(folder, root).replace("/", ".")
        return f"{package}.{tail}" if tail else package

    def _find(self, name: str) -> Answer:
        if name not in self._answers:
            self._answers[name] = find_module(self.view.tree, self.roots, name)
        return self._answers[name]

    def _leads_to(self, one: _Import) -> Iterator[str]:
        """The files that an import executes: of the packages on the way, of the module, of what is taken from it."""
        parts = one.name.split(".")
        names = [".".join(parts[: number + 1]) for number in range(len(parts))]
        for name in [*names, f"{one.name}.{one.item}"] if one.item else names:
            answer = self._find(name)
            if not isinstance(answer, Found):
                return
            if answer.path.endswith(".py"):
                yield answer.path

    def _lacks(self, one: _Import) -> str | None:
        """The module, or the name of one, that an import surely does not find."""
        answer = self._find(one.name)
        first = one.name.partition(".")[0]
        if isinstance(answer, Missing):
            if self._is_in_no_requirement(first, answer):
                return first
            if self._is_foreign(first, answer) or not self._is_meant(one, answer.part):
                return None
            return answer.part
        if not isinstance(answer, Found) or not one.item or not answer.path.endswith(".py") or answer.path == one.file:
            return None
        text = self._own_text(answer.path)
        name = f"{one.name}.{one.item}"
        if text is None or one.item in text or any(means in text for means in _BY_OTHER_MEANS):
            return None
        if not answer.is_package:
            return name
        taken = self._find(name)
        is_missing = isinstance(taken, Missing) and not taken.packages and self._is_meant(one, name)
        return name if is_missing else None

    def _is_in_no_requirement(self, first: str, answer: Missing) -> bool:
        """Whether all that was installed is known, none of it brings a module, and the repository has none either."""
        if answer.part != first or not self.view.paths_are_known or first.startswith("_"):
            return False
        own = self.view.subject.own_code
        if not answer.packages or own.has_package(first) or own.homes(first) or not own.is_whole:
            return False
        from .distributions import surely_bring_no  # few apps import what nothing brings

        return surely_bring_no(first, answer.packages)

    def _is_foreign(self, first: str, answer: Missing) -> bool:
        """Whether something that was installed may bring it."""
        asked = {plain(one) for one in answer.packages} - {"pip", "setuptools", "wheel"}
        if any(are_alike(first, one) for one in asked) or plain(ANY) in asked:
            return True
        if answer.part != first:
            return bool(asked)
        return not self.view.paths_are_known or not self._lies_beside(first)

    def _lies_beside(self, first: str) -> bool:
        """Whether the repository has the module where the directory of the command comes from."""
        repo = self.view.subject.repo
        for name in self.view.files.names(self.roots[0]) or ():
            made = self.view.worked.look(posixpath.join(self.roots[0], name)).made
            if made is not None and made.by == "context" and posixpath.basename(made.path) == name:
                place = posixpath.normpath(posixpath.join(posixpath.dirname(made.path), first))
                return repo.is_file(f"{place}.py") or repo.is_file(f"{place}/__init__.py")
        return False

    def _is_meant(self, one: _Import, part: str) -> bool:
        """Whether a module of that name is no file that a build makes: a version, generated or compiled code."""
        last = part.rpartition(".")[2]
        if last.startswith("_") or last in ("version", "local_settings", "generated") or "_pb2" in last:
            return False
        made = self.view.worked.look(one.file).made
        if made is None or "." not in part:
            return True
        parent = self._find(part.rpartition(".")[0])
        folder = posixpath.dirname(parent.path) if isinstance(parent, Found) and parent.path.endswith(".py") else None
        if folder is None:
            folder = parent.path.partition("\n")[0] if isinstance(parent, Found) else ""
        names = self.view.files.names(folder)
        return names is not None and not any(name.partition(".")[0] == last for name in names)


def _always_runs(text: str, line: int) -> bool:
    """Whether the import of a line, or the list it is in, is one of the file's own statements, under no condition."""
    import ast

    from .python_source import parsed

    tree = parsed(text)
    return tree is not None and any(
        (isinstance(node, ast.Import | ast.ImportFrom) and node.lineno == line)
        or (isinstance(node, ast.Assign | ast.AugAssign) and node.lineno <= line <= (node.end_lineno or line))
        for node in tree.body
    )


def _finding(subject: Subject, view: ImageView, one: _Import, part: str) -> Diagnostic:
    made = view.worked.look(one.file).made
    file = made.path if made is not None and made.path else one.file
    message, facts, help = _told(subject, view, _Import(file, one.line, one.name, one.item), part)
    return subject.finding(
        IMPORT.code, Severity.ERROR, message, facts=facts,
        related=(Related(origin=Origin(file=file, line=one.line), message="imported here"),), help=help,
    )  # fmt: skip


def _told(subject: Subject, view: ImageView, one: _Import, part: str) -> tuple[str, tuple[str, ...], str]:
    """Message, facts and help. one: with its file as the repository names it."""
    at, file = subject.own_code.homes(part), one.file
    if at:
        message, fact = f"{file} imports '{part}', which the image does not have", f"the repository has {at[0].file}"
        gone = _left_out(view, at[0].file)
        if gone is not None and gone.origin is not None:
            where = f"{gone.origin.file}:{gone.origin.line}"
            return message, (fact, f"{where} keeps it from the builder"), f"remove `{gone.pattern}` from {where}"
        return message, (fact,), "copy it into the image"
    homes = subject.own_code.homes(one.name) if part == f"{one.name}.{one.item}" else ()
    has = homes[0].file if homes else ""
    if has and not has.endswith("/__init__.py"):
        return f"{file} imports '{one.item}' from {one.name}, and {has} has no such name", (), "correct the name"
    if part == one.name.partition(".")[0] and not subject.own_code.has_package(part):
        from .distributions import distribution_of

        message = f"{file} imports '{part}', and nothing that is installed brings it"
        return message, (), f"add {distribution_of(part)} to the requirements"
    message = f"{file} imports '{part}', which the image does not have"
    return message, ("the repository has no such module",), "correct the import, or commit the module"


def _left_out(view: ImageView, file: str) -> LeftOut | None:
    """Who keeps a file of the repository from the builder."""
    context = view.worked.context
    inside = posixpath.relpath(file, context.directory)
    if inside.startswith("..") or context.entry(inside).kind is not None:
        return None
    from emulator.image.causes import cause_of  # few imports lead there

    return cause_of(context, f"/{inside}").left_out
