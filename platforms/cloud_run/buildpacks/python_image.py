"""The steps by which the Python buildpacks install packages: with pip, uv or Poetry."""

from platforms.language_images import python_image

from .building import Building
from .image import Recipe

VENDOR = "GOOGLE_VENDOR_PIP_DEPENDENCIES"
_UV, _POETRY = "0.12.5", "2.4.1"
"""Versions that the buildpacks install (source: their tooling_versions, 2026-08)."""
_PIP_FLAGS = (
    "--upgrade --upgrade-strategy only-if-needed --no-warn-script-location --no-warn-conflicts --force-reinstall "
    "--no-compile --disable-pip-version-check"
)
_LAUNCHED = ("PYTHONUNBUFFERED", "TRUE")


def python_recipe(of: Building, version: str, manager: str, adds: str) -> Recipe:
    """The recipe of a version's image. adds: requirements of the buildpacks' own, installed before the source's."""
    with_manager = {"pip": _with_pip, "uv": _with_uv}.get(manager, _with_poetry)
    image, fallbacks = python_image(version)
    return with_manager(of, Recipe(image, fallbacks, env=(_LAUNCHED, *of.launch_env)), adds)


def _with_pip(of: Building, bare: Recipe, adds: str) -> Recipe:
    """Into a layer of its own, requirements file by requirements file, then checked. There it is a user base; here a
    virtual environment, which behaves alike on every base: in one that is an environment itself, pip takes nothing out
    of a user base."""
    layer = "/layers/google.python.pip/pip"
    install = f"python3 -m pip install {{}} {_PIP_FLAGS}{_vendored(of)}"
    steps = [install.format(adds)] if adds else []
    if _is_project(of):
        steps.append(install.format("."))
    else:
        steps += [install.format("--requirement requirements.txt")] if of.source.has("requirements.txt") else []
        compiled = f"python3 -m compileall --invalidation-mode unchecked-hash -qq {layer}"
        steps += [f"{compiled}; python3 -m pip check"] if steps else []
    path = (f"{layer}/bin",)
    return bare._replace(steps=(f"python3 -m venv {layer}", *steps), build_path=path, path=path)


def _with_uv(of: Building, bare: Recipe, adds: str) -> Recipe:
    """Into a virtual environment, by the lock file, which is made where there is none; or from requirements.txt."""
    venv, tool = "/layers/google.python.uv/uv-dependencies/.venv", "/layers/google.python.uv/uv"
    steps = [f"python3 -m pip install --user --no-compile --disable-pip-version-check uv=={_UV}"]
    make = f'uv venv {venv} --clear --python "$(command -v python3)"'
    if _is_project(of):
        steps += [] if of.source.has("uv.lock") else [f"uv lock{_vendored(of)}"]
        steps += [make, f"uv sync --active --link-mode=copy{_vendored(of)}"]
    else:
        files = [*([adds] if adds else []), *(["-r requirements.txt"] if of.source.has("requirements.txt") else [])]
        steps += [make, *(f"uv pip install {one} --reinstall --link-mode=copy{_vendored(of)}" for one in files)]
    return bare._replace(
        steps=(*steps, "uv pip check"), build_env=(("PYTHONUSERBASE", tool), ("VIRTUAL_ENV", venv)),
        build_path=(f"{tool}/bin",), path=(f"{venv}/bin", f"{tool}/bin"),
    )  # fmt: skip


def _with_poetry(of: Building, bare: Recipe, adds: str) -> Recipe:
    """Into a virtual environment of Poetry's, whose name nobody knows beforehand: a link leads there."""
    del adds  # it takes none
    tool, venvs = "/layers/google.python.poetry/poetry", "/layers/google.python.poetry/poetry-dependencies"
    return bare._replace(
        steps=(
            f"python3 -m venv {tool} && {tool}/bin/pip install -q poetry=={_POETRY}",
            *(() if of.source.has("poetry.lock") else ("poetry lock --no-interaction",)),
            "poetry install --no-interaction --sync --only main --no-root",
            f'ln -s "$(poetry env info --path)" {venvs}/current',
        ),
        build_env=(("POETRY_VIRTUALENVS_PATH", venvs), ("POETRY_VIRTUALENVS_CREATE", "true"),
                   ("POETRY_VIRTUALENVS_IN_PROJECT", "false")),
        build_path=(f"{tool}/bin",), path=(f"{venvs}/current/bin", f"{tool}/bin"),
    )  # fmt: skip


def _is_project(of: Building) -> bool:
    return of.source.has("pyproject.toml") and not of.source.has("requirements.txt")


def _vendored(of: Building) -> str:
    return f" --no-index --find-links {of.env[VENDOR]}" if of.env[VENDOR] else ""
