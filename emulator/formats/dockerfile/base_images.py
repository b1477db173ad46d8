"""ENTRYPOINTs of well-known base images, which no Dockerfile built on them shows.

Without this a plan would say `node server.js` where Docker runs `docker-entrypoint.sh node server.js`.
Read from the images' own Dockerfiles in the official-images library and distroless, 2026-11-20; an
image that is not here is taken to have none, and `up` compares the claim with the real image.
"""

import re

ENTRYPOINTS: dict[str, tuple[str, ...]] = {
    "node": ("docker-entrypoint.sh",),
    "nginx": ("/docker-entrypoint.sh",),
    "postgres": ("docker-entrypoint.sh",),
    "redis": ("docker-entrypoint.sh",),
    "valkey/valkey": ("docker-entrypoint.sh",),
    "mysql": ("docker-entrypoint.sh",),
    "mariadb": ("docker-entrypoint.sh",),
    "mongo": ("docker-entrypoint.sh",),
    "memcached": ("docker-entrypoint.sh",),
    "rabbitmq": ("docker-entrypoint.sh",),
    "ghost": ("docker-entrypoint.sh",),
    "wordpress": ("docker-entrypoint.sh",),
    "php": ("docker-php-entrypoint",),
    "oven/bun": ("/usr/local/bin/docker-entrypoint.sh",),
    "eclipse-temurin": ("/__cacert_entrypoint.sh",),
    "maven": ("/usr/local/bin/mvn-entrypoint.sh",),
    "traefik": ("/entrypoint.sh",),
}


_DISTROLESS = re.compile(r"gcr\.io/distroless/(?P<kind>nodejs|python3|java|static|base|cc)(?P<rest>[\w-]*)")
_PYTHON_OF_DEBIAN = {"debian11": "3.9", "debian12": "3.11", "debian13": "3.13"}
"""GoogleContainerTools/distroless, distro.bzl and python3/python.bzl (read 2026-11-27)."""


def entrypoint_of(ref: str) -> tuple[str, ...]:
    """The ENTRYPOINT of a base image by its reference; () when it has none, or is not known."""
    name = short_name(ref)
    found = _DISTROLESS.fullmatch(name)
    return _of_distroless(found["kind"], found["rest"], ref) if found is not None else ENTRYPOINTS.get(name, ())


def is_distroless(ref: str) -> bool:
    """Whether it is one of Google's images that hold a program's libraries and nothing else: no package manager, and
    no shell unless it is for debugging."""
    return _DISTROLESS.fullmatch(short_name(ref)) is not None


def has_busybox(ref: str) -> bool:
    """Whether it is one for debugging."""
    return "debug" in ref.partition("@")[0].rpartition("/")[2]


def workdir_of_distroless(ref: str) -> str | None:
    """Where such an image begins (static/static.bzl, USER_VARIANTS); None where a digest hides which variant it is."""
    tag = ref.partition("@")[0].rpartition("/")[2].partition(":")[2]
    if not tag and "@" in ref:
        return None
    return "/home/nonroot" if "nonroot" in tag else "/"


def _of_distroless(kind: str, rest: str, ref: str) -> tuple[str, ...]:
    """nodejs/nodejs.bzl, java/java.bzl, python3/python.bzl, static/static.bzl."""
    if kind == "nodejs":
        return ("/nodejs/bin/node",)
    if kind == "java" and not rest.startswith("-base"):
        return ("/usr/bin/java", "-jar")
    if kind == "python3":
        version = _PYTHON_OF_DEBIAN.get(rest.removeprefix("-"))
        return (f"/usr/bin/python{version}",) if version is not None else ()
    return ("/busybox/sh",) if kind in ("static", "base", "cc") and has_busybox(ref) else ()


def short_name(ref: str) -> str:
    """ "docker.io/library/node:20-slim@sha256:…" → "node"."""
    name = ref.partition("@")[0]
    head, slash, last = name.rpartition("/")
    name = head + slash + last.partition(":")[0]
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        name = name.removeprefix(prefix)
    return name
