"""Images made from a distribution's packages, where no registry gives them; here, those of database servers. Pure.

Each is built on a base image that stands in for another already (`emu doctor --fix` makes those), with its package
manager. It takes the same variables, folders and commands as the image it stands for, so that nothing else differs.
"""

import hashlib
import shlex
from collections.abc import Callable, Iterable, Sequence

from emulator.model.diagnostic import Diagnostic, Fault, HostError, error
from emulator.model.plan import Coverage, Datastore, Service
from emulator.model.record import Record, replace
from emulator.model.rule import Fidelity
from emulator.world.building import BuildError
from emulator.world.docker import ImageEntry, ImageFacts

from .checkup import DEFAULT_BASES, Server
from .labels import STAND_IN

IMAGES = {"postgres": "postgres:{}", "valkey": "valkey/valkey:{}"}
"""The official image of each engine, by version."""
FROM = f"{STAND_IN}.from"
WHAT = f"{STAND_IN}.what"
"""On a stand-in: what it is."""
DIFFERS = f"{STAND_IN}.differs"
"""On a stand-in: what it surely is not."""


class StandIn(Record, frozen=True, kw_only=True):
    """An image to be made. suite: the release whose packages it is made of. differs: what it surely is not, besides
    what every stand-in is not."""

    suite: str
    version: str
    name: str
    steps: tuple[str, ...]
    differs: str = ""

    @property
    def tag(self) -> str:
        """Of this very recipe: one made by another version of ours is not taken for it."""
        recipe = hashlib.sha256("\n".join((self.suite, self.differs, *self.steps)).encode()).hexdigest()[:8]
        return f"emu-stand-in/{self.name}:{self.version}-{recipe}"


class ToMake(Record, frozen=True, kw_only=True):
    """A stand-in that is to be built. what: that it is, for people; instead_of: the image that cannot be had."""

    tag: str
    dockerfile: str
    what: str
    instead_of: str


def to_make(stand_in: StandIn, base: str, instead_of: str) -> ToMake:
    """A stand-in on a base image at hand."""
    what = f"{stand_in.name} {stand_in.version}"
    return ToMake(tag=stand_in.tag, dockerfile=dockerfile(stand_in, base), what=what, instead_of=instead_of)


INSTALL = "apt-get update -q && apt-get install -qy --no-install-recommends {} && rm -rf /var/lib/apt/lists/*"

_POSTGRES_ENTRYPOINT = """#!/bin/sh
set -eu
bin=$(echo /usr/lib/postgresql/*/bin)
data=$(dirname "$PGDATA")/$(basename "$(dirname "$bin")")
as="setpriv --reuid postgres --regid postgres --clear-groups"
mkdir -p "$data" /run/postgresql
chown postgres "$data" "$(dirname "$data")" /run/postgresql
if [ ! -s "$data/PG_VERSION" ]; then
    new=$data.new
    rm -rf "$new"
    secret=$(mktemp)
    printf %s "$POSTGRES_PASSWORD" >"$secret"
    chown postgres "$secret"
    $as "$bin/initdb" -D "$new" -U "$POSTGRES_USER" --pwfile "$secret" --auth-local trust --auth-host scram-sha-256 \
        --encoding UTF8 --locale C.UTF-8 >/dev/null
    rm -f "$secret"
    echo "host all all all scram-sha-256" >>"$new/pg_hba.conf"
    sed -i "s/^#*listen_addresses.*/listen_addresses = '*'/" "$new/postgresql.conf"
    if [ "$POSTGRES_DB" != postgres ]; then
        name=$(printf %s "$POSTGRES_DB" | sed 's/"/""/g')
        printf 'CREATE DATABASE "%s"\\n' "$name" | $as "$bin/postgres" --single -j -D "$new" postgres >/dev/null
    fi
    rmdir "$data"
    mv "$new" "$data"
fi
[ "$1" = postgres ] && shift
unset POSTGRES_PASSWORD
exec $as "$bin/postgres" -D "$data" "$@"
"""


def executable(path: str, text: str) -> str:
    """A step that writes an executable file; no builder is too old for it."""
    lines = " ".join(shlex.quote(line) for line in text.splitlines())
    return f"RUN printf '%s\\n' {lines} > {path} && chmod +x {path}"


def _postgres(suite: str, version: str) -> StandIn:
    # The package makes a cluster of its own unless it is told not to.
    settings = "/etc/postgresql-common"
    no_cluster = f"mkdir -p {settings} && echo create_main_cluster=false >{settings}/createcluster.conf"
    return StandIn(
        suite=suite,
        version=version,
        name="postgres",
        steps=(
            f"RUN {no_cluster} && {INSTALL.format(f'postgresql-{version}')}",
            executable("/usr/local/bin/emu-postgres", _POSTGRES_ENTRYPOINT),
            'ENTRYPOINT ["/usr/local/bin/emu-postgres"]',
            'CMD ["postgres"]',
        ),
    )


STAND_INS: dict[str, tuple[StandIn, ...]] = {
    "postgres": (_postgres("trixie", "17"), _postgres("bookworm", "15")),
    "valkey": (
        StandIn(
            suite="trixie",
            version="8.1",
            name="valkey",
            steps=(
                f"RUN {INSTALL.format('valkey-server')}",
                "WORKDIR /data",
                "ENTRYPOINT []",
                'CMD ["valkey-server"]',
            ),
        ),
        StandIn(
            suite="bookworm",
            version="7.0",
            name="redis",
            steps=(
                f"RUN {INSTALL.format('redis-server')} && ln -s /usr/bin/redis-server /usr/local/bin/valkey-server",
                "WORKDIR /data",
                "ENTRYPOINT []",
                'CMD ["valkey-server"]',
            ),
        ),
    ),
}  # fmt: skip
"""By engine, best first (source: packages of Debian 13 and 12, 2026-11)."""


def stand_ins(store: Datastore) -> tuple[StandIn, ...]:
    """What may stand for a datastore: the version it asks for before any other."""
    return _best_first(store.engine, store.version)


def _best_first(engine: str, version: str) -> tuple[StandIn, ...]:
    return tuple(sorted(STAND_INS[engine], key=lambda one: one.version.partition(".")[0] != version))


def base_for(stand_in: StandIn, images: Iterable[ImageEntry]) -> str | None:
    """The base image at hand that holds the release a stand-in is made of. By its name: whatever was built on one has
    its labels too."""
    holding = (image for image in images if image.labels.get(FROM) == f"debian {stand_in.suite}")
    return next((tag for image in holding for tag in image.tags if tag in DEFAULT_BASES), None)


def dockerfile(stand_in: StandIn, base: str) -> str:
    labels = {
        STAND_IN: "true",
        FROM: f"debian {stand_in.suite}",
        WHAT: f"{stand_in.name} {stand_in.version}",
    }
    if stand_in.differs:
        labels[DIFFERS] = stand_in.differs
    told = " ".join(f'{name}="{value}"' for name, value in labels.items())
    return "\n".join((f"FROM {base}", *stand_in.steps, f"LABEL {told}", ""))


NEWEST = {"postgres": "18", "valkey": "8"}
"""The version of a server where nobody asks for one (source: release notes of both, 2026-11)."""


def server(
    engine: str, version: str, has: Callable[[str], bool], images: Sequence[ImageEntry], *, needed: bool
) -> Server:
    """What there is for a datastore of this kind. has: whether an image is at hand."""
    ref = IMAGES[engine].format(version)
    choices = _best_first(engine, version)
    there = next((one.tag for one in choices if has(one.tag)), None)
    bases = ((one, base) for one in choices if (base := base_for(one, images)) is not None)
    chosen = next(bases, None)
    found = Server(engine=engine, ref=ref, needed=needed, present=has(ref), stand_in=there)
    if chosen is None:
        return found
    return replace(found, base=chosen[1], tag=chosen[0].tag, dockerfile=dockerfile(*chosen))


def none_at_hand(service: Service, ref: str, problem: HostError) -> Diagnostic:
    """Neither a registry nor packages give the server that a datastore needs."""
    return error(
        "up/datastore-image-missing",
        f"the image {ref} cannot be had",
        fault=Fault.HOST,
        service=service.name,
        origin=service.origin,
        facts=(problem.diagnostic.message, "no base image is here whose packages it could be made from"),
        help=f"`emu doctor --fix` makes base images; or --datastore {service.name}=URL takes a server you have",
    )


def unmade(service: Service, wanted: ToMake, problem: BuildError) -> Diagnostic:
    """The stand-in for a base image could not be made."""
    return error(
        "build/base-image-missing",
        f"no registry gives {wanted.instead_of}, and {wanted.what} cannot be made from packages in its place",
        fault=Fault.HOST,
        service=service.name,
        facts=problem.log_tail[-3:] or (problem.message,),
        help="`emu doctor` says whether containers reach the package index; or --base-image takes an image you have",
    )


def told(wanted: str, image: ImageFacts) -> Coverage | None:
    """What is to be said of an image that stands in for `wanted`; None for one that does not."""
    if STAND_IN not in image.labels:
        return None
    what = f"{image.labels[WHAT]} " if WHAT in image.labels else ""
    note = f"{what}stands in, made from the packages of {image.labels.get(FROM, 'a distribution')}"
    return Coverage(key=wanted, origin=None, fidelity=Fidelity.APPROXIMATE, note=note)
