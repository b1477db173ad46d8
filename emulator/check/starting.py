"""Rules about what the command names: modules and attributes that the image has, or surely lacks."""

import posixpath
import re
from collections.abc import Iterable, Iterator

from emulator.image.dependencies import ANY
from emulator.image.imports import Found, Missing, find_module
from emulator.image.tree import File, Folder, Refused, Unsure, resolve
from emulator.model.diagnostic import Diagnostic, Fix, Related, Severity
from emulator.model.origin import Origin
from emulator.model.record import replace

from .image_view import ImageView, view_of
from .in_image import in_image
from .named import Named, modules_named
from .rule import CheckRule, Sample
from .servers import Target, target
from .shell import words
from .subject import Subject

_FROM = "FROM python:3.13-slim\nWORKDIR /app\n"
_PACKAGE = {"shop/__init__.py": "", "shop/api.py": "def app(environ, start_response): ...\n"}
_REQUIRES = {"requirements.txt": "gunicorn\n"}
_INSTALL = "COPY . .\nRUN pip install -r requirements.txt\n"

MODULE = CheckRule(
    code="start/module-not-found",
    severity=Severity.ERROR,
    statement="The command names a Python module that the image surely does not have.",
    why=(
        "The process ends as soon as it starts, with ModuleNotFoundError. The module was renamed, is not copied into "
        "the image, lies where Python does not look, or stayed behind in another stage."
    ),
    wrong=Sample(
        files=_PACKAGE | _REQUIRES
        | {"Dockerfile": f"{_FROM}{_INSTALL}CMD exec gunicorn --bind 0.0.0.0:$PORT shop.server:app\n"},
        file="Dockerfile", line=5,
    ),
    right=Sample(
        files=_PACKAGE | _REQUIRES
        | {"Dockerfile": f"{_FROM}{_INSTALL}CMD exec gunicorn --bind 0.0.0.0:$PORT shop.api:app\n"},
    ),
)  # fmt: skip

ATTRIBUTE = CheckRule(
    code="start/attribute-not-found",
    severity=Severity.ERROR,
    statement="The command names an object that its module surely does not have.",
    why="The server imports the module, does not find the application in it, and ends.",
    wrong=Sample(
        files=_PACKAGE | _REQUIRES
        | {"Dockerfile": f"{_FROM}{_INSTALL}CMD exec gunicorn --bind 0.0.0.0:$PORT shop.api:application\n"},
        file="Dockerfile", line=5,
    ),
    right=Sample(
        files=_PACKAGE | _REQUIRES
        | {"Dockerfile": f"{_FROM}{_INSTALL}CMD exec gunicorn --bind 0.0.0.0:$PORT shop.api:app\n"},
    ),
)  # fmt: skip

_PROJECT = {
    "pyproject.toml": (
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "shop"\nversion = "1"\ndependencies = ["gunicorn"]\n[tool.setuptools]\npackages = ["shop"]\n'
    )
}
_BUILDER = "FROM python:3.13-slim AS builder\nWORKDIR /src\nCOPY . .\nRUN pip install %s.\n" + _FROM
_SITE = "/usr/local/lib/python3.13/site-packages"
_CARRIED = f"COPY --from=builder {_SITE} {_SITE}\nCOPY --from=builder /usr/local/bin /usr/local/bin\n"
_SERVE = "CMD exec gunicorn --bind 0.0.0.0:$PORT shop.api:app\n"

LEFT = CheckRule(
    code="image/package-left-in-builder",
    severity=Severity.ERROR,
    statement="An earlier stage installs the package that the command needs, and the last stage does not get it.",
    why=(
        "Only what COPY --from names is carried over. An editable installation is a note of where the sources lie: "
        "copied without them, it leads nowhere."
    ),
    wrong=Sample(
        files=_PACKAGE | _PROJECT | {"Dockerfile": (_BUILDER % "-e ") + _CARRIED + _SERVE}, file="Dockerfile", line=9
    ),
    right=Sample(files=_PACKAGE | _PROJECT | {"Dockerfile": (_BUILDER % "") + _CARRIED + _SERVE}),
)  # fmt: skip

RULES = (MODULE, LEFT, ATTRIBUTE)

_COMMON = words(
    "main app apps wsgi asgi server api src manage run application core backend web index bot service services config "
    "settings project mysite myapp your_application hello code lib entrypoint start worker"
)
"""Names that no published distribution is imported by, or none that an app depends on (inferred)."""

_FACTORY_HELP = "name the application object that the module defines"
_AS_IT_LIES = "name it as it lies there: "
_ALWAYS_THERE = frozenset({"pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack"})


def module_not_found(subject: Subject) -> Iterator[Diagnostic]:
    view = view_of(subject)
    for named in modules_named(view) if view is not None else ():
        assert view is not None
        roots = list(view.roots(named.first))
        answer = find_module(view.tree, roots, named.module)
        if isinstance(answer, Found):
            continue
        if isinstance(answer, Missing) and _is_certain(view, answer, named):
            yield _not_found(subject, view, named, answer)
            return
        own = find_module(view.tree, [one for one in roots if "-packages" not in one], named.module)
        severity = _of_an_app(view, own, named) if isinstance(own, Missing) else None
        if isinstance(own, Missing) and severity is not None:
            found = _not_found(subject, view, named, own)
            yield found if severity is Severity.ERROR else replace(found, severity=severity)
            return


def _of_an_app(view: ImageView, answer: Missing, named: Named) -> Severity | None:
    """How sure it is that a module is not there, where what was installed is not known: the app's own directories lack
    it, and nothing in the repository could be installed as it. Certain for a name that apps have and distributions do
    not; likely for one that is close to a module beside it; None otherwise."""
    own, first = view.subject.own_code, named.module.partition(".")[0]
    beside = tuple(_modules_in(view.tree, named.first))
    if named.or_attribute or not own.is_whole or view.environ.get("PYTHONPATH", "") is None or not beside:
        return None
    if own.homes(named.module) or (answer.part == first and own.has_package(first)):
        return None
    if first in _COMMON or answer.part != first:
        return Severity.ERROR
    from difflib import get_close_matches  # takes long to load

    return Severity.WARNING if get_close_matches(first, beside) else None


def _modules_in(tree: Folder, place: str) -> Iterator[str]:
    """The modules and packages with code that surely lie in a directory."""
    try:
        _, folder = resolve(tree, place)
    except (Refused, Unsure):
        return
    for name in folder.names() if isinstance(folder, Folder) else ():
        node = folder.get(name) if isinstance(folder, Folder) else None
        if isinstance(node, File) and name.endswith(".py"):
            yield name.removesuffix(".py")
        elif isinstance(node, Folder) and any(one.endswith(".py") for one in node.names()):
            yield name


def _not_found(subject: Subject, view: ImageView, named: Named, answer: Missing) -> Diagnostic:
    places = _readable(one for one in answer.parents if view.files.look(one) != "absent")
    if named.file is not None:
        message = f"the settings that {named.file} asks for, '{named.module}', are not there: the image has no "
    else:
        message = f"{named.by} cannot import '{named.module}': the image has no "
    message += answer.part
    brought = tuple(_brought(view, answer))
    if brought:
        return subject.finding(
            LEFT.code, Severity.ERROR, message, facts=(f"looked for in {places}",), related=brought,
            help="copy what that line installs, without -e, or install the package in the last stage",
        )  # fmt: skip
    near, help = _near(subject, view, named.module)
    # A default that the platform's own variables may replace is wrong for sure where nothing else could be meant.
    may_be_replaced = named.is_default and (not view.run.closed or bool(subject.own_code.homes("settings")))
    asked_for = (
        (Related(origin=Origin(file=named.file, line=named.line), message="asked for here"),) if named.file else ()
    )
    return subject.finding(
        MODULE.code, Severity.WARNING if may_be_replaced else Severity.ERROR, message,
        facts=(f"looked for in {places}", *near), related=asked_for, help=help,
        fix=_renamed(subject, named, help) if named.file is None else None,
    )  # fmt: skip


def _renamed(subject: Subject, named: Named, help: str) -> Fix | None:
    """The name under which the repository has the module, where that is the one thing to do."""
    lies_there = help.removeprefix(_AS_IT_LIES)
    return subject.replaced(named.module, lies_there) if lies_there != help else None


def _is_certain(view: ImageView, answer: Missing, named: Named) -> bool:
    """Whether nothing that was installed may bring it, and it is a module that is meant."""
    if named.or_attribute and answer.part == named.module and not _lacks(view, named):
        return False
    first = named.module.partition(".")[0]
    if first in _ALWAYS_THERE or (answer.part == first and not view.paths_are_known):
        return False
    asked = {plain(one) for one in answer.packages} - {plain(one) for one in _ALWAYS_THERE}
    path = named.module.replace(".", "/")
    homes = [one.file for one in view.subject.own_code.homes(named.module)]
    signs = (first in _COMMON) + any(file in (f"{path}.py", f"{path}/__init__.py") for file in homes)
    if any(are_alike(first, one) and _may_bring(one, first, against=signs) for one in asked):
        return False
    if not asked:
        return True
    if answer.part != first or view.subject.own_code.has_package(first):
        return True
    # A name that nobody has: no distribution of another name is likely to bring what a server is told to serve.
    is_served = view.run.module is None and _holds_code(view)
    return (is_served or first in _COMMON) and plain(ANY) not in asked


def _lacks(view: ImageView, named: Named) -> bool:
    """Whether the last part of a name is surely no object of the module before it either."""
    from .python_source import Defined, defines  # takes long to load

    parent, _, last = named.module.rpartition(".")
    found = find_module(view.tree, list(view.roots(named.first)), parent)
    text = view.files.read(found.path) if isinstance(found, Found) and found.path.endswith(".py") else None
    return text is not None and defines(text, last) is Defined.NO


def _holds_code(view: ImageView) -> bool:
    """Whether the app's own code lies where the command starts."""
    names = view.files.names(view.import_directory or "/") or ()
    return any(name.endswith(".py") for name in names) or any(
        name.endswith(".py")
        for folder in names
        for name in (view.files.names(f"{(view.import_directory or '').rstrip('/')}/{folder}") or ())
    )


def plain(requirement: str) -> str:
    """ "Flask[async]==3" → "flask"."""
    return re.split(r"[\s\[<>=!~;@(]", requirement.strip())[0].lower().replace("_", "-").replace(".", "-")


def are_alike(module: str, distribution: str) -> bool:
    """Whether a distribution may well bring a module of this name."""
    if "/" in distribution or ":" in distribution:
        return True
    plain = module.lower().replace("_", "-")
    joined = plain.replace("-", "")
    return joined in distribution.replace("-", "") or (
        len(distribution) > 2 and distribution.replace("-", "") in joined
    )


def _may_bring(distribution: str, module: str, *, against: int) -> bool:
    """Whether a distribution of a like name may bring a module. against: the signs that the module is the app's own:
    its name is one of apps, the repository's root has it. With one `fastapi` does not bring `api`, with both neither
    does `google-api-core`."""
    words = re.split("[-_.]", distribution) if against < 2 else [distribution]
    return not against or any(mark in distribution for mark in "/:*") or module.lower() in words


def _readable(parents: Iterable[str]) -> str:
    places = list(parents)
    return ", ".join(places[:4]) + (f" and {len(places) - 4} more" if len(places) > 4 else "")


def _near(subject: Subject, view: ImageView, name: str) -> tuple[list[str], str]:
    """Where the repository has it, or what it has instead, and what to do then."""
    at = subject.own_code.homes(name)
    here = view.import_directory or "/"
    if at:
        inside = in_image(view, at[0].file)
        fact = f"the repository has it: {at[0].file}"
        if inside is None:
            return [fact, "that file is not in the image"], "copy it into the image, or install its package there"
        if not inside.removesuffix(".py").removesuffix("/__init__").endswith("/" + name.replace(".", "/")):
            help = f"copy it as {name.replace('.', '/')}, with its folders, or name it as it lies in the image"
            return [f"{fact}, which is {inside} in the image"], help
        folder = _folder_of(inside, name)
        return (
            [f"{fact}, which is {inside} in the image"],
            f"start in {folder}, add it to PYTHONPATH, or install the package" if folder != here else "install it",
        )
    parent, _, last = name.rpartition(".")
    others = _siblings(subject, view, parent)
    if others:
        return [f"{parent or here} has {', '.join(others[:6])}"], f"correct the module's name: not {last}"
    shorter = [one for one in (name.partition(".")[2],) if one]
    for one in shorter:
        if subject.own_code.homes(one):
            return [f"the repository has {subject.own_code.homes(one)[0].file}"], f"{_AS_IT_LIES}{one}"
    return [], "correct the module's name, or copy and install the package it belongs to"


def _siblings(subject: Subject, view: ImageView, parent: str) -> list[str]:
    """The modules beside the one that is missing."""
    if view.import_directory is None:
        return []
    folder = view.import_directory
    if parent:
        answer = find_module(view.tree, list(view.roots(folder)), parent)
        if not isinstance(answer, Found) or not answer.path:
            return []
        folder = posixpath.dirname(answer.path) if answer.path.endswith(".py") else answer.path.partition("\n")[0]
    names = view.files.names(folder) or ()
    del subject
    return [name.removesuffix(".py") for name in names if name.endswith(".py") and name != "__init__.py"]


def _folder_of(path: str, name: str) -> str:
    depth = name.count(".") + 1 + (1 if path.endswith("/__init__.py") else 0)
    for _ in range(depth):
        path = posixpath.dirname(path)
    return path or "/"


def _brought(view: ImageView, answer: Missing) -> Iterator[Related]:
    """The lines that a reader would look at next: the installs of earlier stages that have what is missing."""
    for index, stage in sorted(view.worked.stages.items()):
        if index == view.worked.target:
            continue
        for step in stage.steps:
            for one in step.installs:
                projects = getattr(one.report, "projects", ())
                tops = {name for built in projects for name in built.provided.top_level()}
                if answer.part.partition(".")[0] in tops:
                    yield Related(origin=one.origin, message="installed here, and not carried over")


# ---- the attribute -------------------------------------------------------------------------------------


def attribute_not_found(subject: Subject) -> Iterator[Diagnostic]:
    from .python_source import Defined, defines  # takes long to load

    view = view_of(subject)
    if view is None or view.run.changed:
        return
    named = target(view.run, view.environ)
    if named is None or view.import_directory is None or not view.run.complete:
        return
    attribute = named.attribute or ("application" if view.run.program == "gunicorn" else None)
    answer = find_module(view.tree, list(view.roots(view.import_directory)), named.module)
    if attribute is None or not isinstance(answer, Found) or not answer.path.endswith(".py"):
        return
    text = view.files.read(answer.path)
    if text is None or _has_submodule(view, answer, attribute) or defines(text, attribute) is not Defined.NO:
        return
    made = view.worked.look(answer.path).made
    file = made.path if made is not None and made.path else answer.path
    related = (Related(origin=Origin(file=file, line=1), message=f"defines no {attribute}"),) if made else ()
    yield subject.finding(
        ATTRIBUTE.code, Severity.ERROR, f"{named.module} has no '{attribute}' for {view.run.program} to serve",
        facts=tuple(_candidates(text)), related=related, help=_attribute_help(text, named),
    )  # fmt: skip


def _has_submodule(view: ImageView, answer: Found, attribute: str) -> bool:
    if not answer.is_package:
        return False
    return not isinstance(find_module(view.tree, [posixpath.dirname(answer.path)], attribute), Missing)


def _candidates(text: str) -> Iterator[str]:
    from .python_source import bound_names

    names = [name for name in bound_names(text) if not name.startswith("_")]
    likely = [name for name in names if re.search(r"app|server|wsgi|asgi|create|make|factory", name, re.IGNORECASE)]
    if likely:
        yield f"it has {', '.join(likely[:5])}"


def _attribute_help(text: str, named: Target) -> str:
    from .python_source import bound_names

    names = bound_names(text)
    for name in ("app", "application", "api", "server", "asgi_app", "wsgi_app"):
        if name in names:
            return f"name it: {named.module}:{name}"
    for name in ("create_app", "make_app", "get_app", "build_app"):
        if name in names:
            return (
                f"name the factory: '{named.module}:{name}()' for gunicorn, --factory {named.module}:{name} for uvicorn"
            )
    return _FACTORY_HELP
