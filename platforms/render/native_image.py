"""The Dockerfile that stands in for Render's own builder: one layout for every language (rule render/native-layout)."""

import re
from typing import NamedTuple

from platforms.language_images import NUMBERS, VARIABLES_ARG, apt_install, node_image, python_image, run_with_variables

from .identifiers import slug
from .versions import DEFAULT_NODE, DEFAULT_PYTHON

PROJECT = "/opt/render/project"
SOURCE = f"{PROJECT}/src"
VENV = f"{SOURCE}/.venv"
TOOLS = "/opt/render/.tools"

_COMMON = "ca-certificates curl g++ gcc gettext git gnupg jq libpq-dev make rsync sqlite3 unzip wget xz-utils zip"
"""Of the documented preinstalled tools, those that builds call and that install in seconds; and what
psycopg2 is built with there, though no page names it (rule render/native-layout)."""
_NODE_PROGRAMS = ("node", "npm", "npx", "yarn", "pnpm", "bun", "corepack")
_PYTHON_TOO = "python3 python3-pip python3-setuptools python3-venv"

_ADD_USER = "groupadd --gid 1000 render && useradd --uid 1000 --gid 1000 --create-home --home-dir /opt/render render"


class Recipe(NamedTuple):
    """What a language's image is made of. image: its base; fallbacks: what may stand in for it, best first. others:
    images that files are copied from. packages: of the distribution, besides the common ones. as_root, as_user: lines
    before the code is there. path: directories before the base's own. env: variables of the image itself."""

    image: str
    fallbacks: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    packages: str = ""
    as_root: tuple[str, ...] = ()
    as_user: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    source: str = SOURCE

    @property
    def images(self) -> tuple[str, ...]:
        return (self.image, *self.others)

    def home(self, root: str) -> str:
        """Where the service's root lies."""
        return self.source if root == "." else f"{self.source}/{root}"


def dockerfile(recipe: Recipe, *, root: str, build_command: str | None, service_id: str) -> str:
    """The Dockerfile of a recipe, for a service whose root is `root`. service_id: whose build cache it has."""
    home = recipe.home(root)
    packages = f"{_COMMON} {recipe.packages}".strip()
    env = " ".join(f"{name}={value}" for name, value in (("HOME", "/opt/render"), *recipe.env))
    path = "".join(f"{directory}:" for directory in recipe.path)
    lines = [
        f"FROM {recipe.image}",
        apt_install(packages),
        *recipe.as_root,
        f"RUN {_ADD_USER} && mkdir -p {home} && chown -R render:render /opt/render",
        "USER render",
        f"ENV {env} PATH={path}$PATH" if path else f"ENV {env}",
        f"WORKDIR {home}",
        *recipe.as_user,
        f"COPY --chown=render:render . {home}/",
    ]
    if build_command:
        # A cache of its own (rule render/build-cache): builds beside each other break what pip keeps in a shared one.
        own = f"emu-cache-{slug(service_id)}"
        lines += [VARIABLES_ARG, run_with_variables(build_command, cache="/opt/render/.cache", cache_id=own)]
    return "\n".join(lines) + "\n"


def python_recipe(version: str, *, uv: str | None, poetry: str | None, uses: str) -> Recipe:
    """Python with its virtual environment. uv, poetry: their versions, None where they are not there or not called.
    uses: the service's commands, for the tools that they call."""
    image, fallbacks = python_image(version if NUMBERS.fullmatch(version) else DEFAULT_PYTHON)
    tools = [f"{name}=={wanted}" for name, wanted in (("uv", uv), ("poetry", poetry)) if wanted]
    with_node = calls(uses, *_NODE_PROGRAMS)
    lines = [f"RUN python -m venv {VENV}"]
    if tools:
        lines.append(f"RUN python -m venv {TOOLS} && {TOOLS}/bin/pip install -q {' '.join(tools)}")
    return Recipe(
        image, fallbacks, others=(node_image(DEFAULT_NODE),) if with_node else (), as_user=tuple(lines),
        as_root=(*_node_beside(node_image(DEFAULT_NODE)), *_node_tools(uses)) if with_node else (),
        path=(f"{VENV}/bin", f"{TOOLS}/bin") if tools else (f"{VENV}/bin",), env=(("VIRTUAL_ENV", VENV),),
    )  # fmt: skip


def node_recipe(version: str, *, bun: str | None, uses: str) -> Recipe:
    """Node with its package managers. bun: its version, None where nothing calls it."""
    return Recipe(
        node_image(version), packages=_PYTHON_TOO,
        as_root=("RUN userdel --force node || true", *_node_tools(uses, bun)),
    )  # fmt: skip


def _node_tools(uses: str, bun: str | None = None) -> tuple[str, ...]:
    """What Render has besides Node's own: pnpm, and Bun where it is called."""
    wanted = [*(["pnpm@10"] if calls(uses, "pnpm", "pnpx") else []), *([f"bun@{bun}"] if bun else [])]
    return (f"RUN npm install --global --no-fund --no-audit {' '.join(wanted)}",) if wanted else ()


def _node_beside(image: str) -> tuple[str, ...]:
    """Node, npm and yarn of another image, for a language that is not Node."""
    local = "/usr/local"
    link = "ln -s ../lib/node_modules/npm/bin"
    yarn = "NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm install --global --no-fund --no-audit yarn@1"
    return (
        f"COPY --from={image} {local}/bin/node {local}/bin/node",
        f"COPY --from={image} {local}/lib/node_modules {local}/lib/node_modules",
        f"RUN {link}/npm-cli.js {local}/bin/npm && {link}/npx-cli.js {local}/bin/npx && {yarn}",
    )


def ruby_recipe(version: str, *, uses: str) -> Recipe:
    """Ruby, with Node where commands call it. uses: as for Python."""
    with_node = calls(uses, *_NODE_PROGRAMS)
    return Recipe(
        f"ruby:{version}-slim-bookworm", packages=f"libyaml-dev pkg-config {_PYTHON_TOO}",
        others=(node_image(DEFAULT_NODE),) if with_node else (), path=(f"{PROJECT}/.gems/bin",),
        as_root=(*_node_beside(node_image(DEFAULT_NODE)), *_node_tools(uses)) if with_node else (),
    )  # fmt: skip


def go_recipe(slug: str | None) -> Recipe:
    """slug: "owner/repo" of the repository, by which its directory is named; one that is not known stays out of it."""
    source = f"{PROJECT}/go/src/github.com/{slug}" if slug else SOURCE
    return Recipe("golang:1-bookworm", packages=_PYTHON_TOO, path=(f"{PROJECT}/go/bin",), source=source)


def rust_recipe(toolchain: str) -> Recipe:
    """Render's own variables name other places for toolchains than the image has: links lead there."""
    tag = toolchain if NUMBERS.fullmatch(toolchain) else "1"
    link = (
        f"RUN mkdir -p {PROJECT}/.cargo && if [ -d /usr/local/rustup ]; then "
        f"ln -s /usr/local/rustup {PROJECT}/.rustup && chmod -R a+w /usr/local/rustup; fi"
    )
    return Recipe(
        f"rust:{tag}-slim-bookworm", packages=f"libssl-dev pkg-config {_PYTHON_TOO}", as_root=(link,),
        path=(f"{PROJECT}/.cargo/bin",),
    )  # fmt: skip


def elixir_recipe(version: str) -> Recipe:
    hex_ = "RUN mix local.hex --force && mix local.rebar --force"
    return Recipe(f"elixir:{version}-slim", packages=_PYTHON_TOO, as_user=(hex_,))


def calls(uses: str, *programs: str) -> bool:
    """Whether commands call one of these programs, as far as their words tell."""
    return any(re.search(rf"(^|[\s;&|(/]){re.escape(name)}($|[\s;&|)])", uses) for name in programs)
