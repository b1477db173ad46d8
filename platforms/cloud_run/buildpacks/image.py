"""The Dockerfile that stands in for a buildpack build: one stage that builds, and one that has what is launched.

Folders, user and variables are the buildpacks' own. What the launcher sets is in the image's environment, unless
`command` goes past the launcher (rule cloud-run/buildpack-image).
"""

from typing import NamedTuple

from platforms.language_images import VARIABLES_ARG, apt_install, run_with_variables

WORKSPACE, LAYERS, HOME = "/workspace", "/layers", "/home/cnb"
_PACKAGES = "build-essential ca-certificates curl git python3 unzip xz-utils zip"
"""What the builder's image has (source: the stack google_22 of the buildpacks): no libpq-dev, for one."""
_USER = (
    "RUN groupadd --gid 1000 cnb && "
    f"useradd --uid 1000 --gid 1000 --create-home --home-dir {HOME} --shell /bin/bash cnb && "
    f"mkdir -p {LAYERS} {WORKSPACE} && chown cnb:cnb {LAYERS} {WORKSPACE}"
)
_BARE_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
"""Where neither the language nor its packages are."""


class Recipe(NamedTuple):
    """What a language's image is made of.

    image: its base; fallbacks: what may stand in for it, best first. tools: steps as root. steps: commands of bash, in
    the source's folder; build_env, build_path: what they find. env, path: what the launcher sets.
    """

    image: str
    fallbacks: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    build_env: tuple[tuple[str, str], ...] = ()
    build_path: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    path: tuple[str, ...] = ()


def dockerfile(recipe: Recipe, *, is_launched: bool) -> str:
    """The Dockerfile of a recipe. is_launched: whether the launcher starts the process, and sets its variables."""
    lines = [
        f"FROM {recipe.image} AS build",
        apt_install(_PACKAGES),
        *recipe.tools,
        _USER,
        "USER cnb",
        _env((("HOME", HOME), *recipe.build_env), recipe.build_path),
        f"WORKDIR {WORKSPACE}",
        f"COPY --chown=cnb:cnb . {WORKSPACE}/",
        VARIABLES_ARG,
        *(run_with_variables(step, cache=f"{HOME}/.cache") for step in recipe.steps),
        f"FROM {recipe.image}",
        *recipe.tools,
        _USER,
        f"COPY --from=build --chown=cnb:cnb {LAYERS} {LAYERS}",
        f"COPY --from=build --chown=cnb:cnb {WORKSPACE} {WORKSPACE}",
        "USER cnb",
        f"WORKDIR {WORKSPACE}",
        _env((("HOME", HOME), *recipe.env), recipe.path) if is_launched else f"ENV HOME={HOME} PATH={_BARE_PATH}",
        "ENTRYPOINT []",
    ]
    return "\n".join(lines) + "\n"


def _env(variables: tuple[tuple[str, str], ...], path: tuple[str, ...]) -> str:
    own = " ".join(f'{name}="{value}"' for name, value in variables)
    return f"ENV {own} PATH={':'.join((*path, '$PATH'))}" if path else f"ENV {own}"
