"""ENTRYPOINTs of well-known base images, which no Dockerfile built on them shows.

Without this a plan would say `node server.js` where Docker runs `docker-entrypoint.sh node server.js`.
Read from the images' own Dockerfiles in the official-images library and distroless, 2026-11-20; an
image that is not here is taken to have none, and `up` compares the claim with the real image.
"""

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


def entrypoint_of(ref: str) -> tuple[str, ...]:
    """The ENTRYPOINT of a base image by its reference; () when it has none, or is not known."""
    return ENTRYPOINTS.get(short_name(ref), ())


def short_name(ref: str) -> str:
    """ "docker.io/library/node:20-slim@sha256:…" → "node"."""
    name = ref.partition("@")[0]
    head, slash, last = name.rpartition("/")
    name = head + slash + last.partition(":")[0]
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        name = name.removeprefix(prefix)
    return name
