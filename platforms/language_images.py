"""What adapters share that build without a Dockerfile: images of languages, and how a generated Dockerfile runs steps.

The build's variables reach its steps as a secret that holds `export` lines, so that no value stays in the image;
EMU_BUILD_ENV is a digest of them, so that a changed value builds anew.
"""

import re
import shlex

from emulator.model.record import to_json

NUMBERS = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,2}")
"""A version of two or three numbers."""

VARIABLES_ARG = "ARG EMU_BUILD_ENV"
_SECRET = "--mount=type=secret,id=emu_build_env,uid=1000,mode=0400"


def python_image(numbers: str) -> tuple[str, tuple[str, ...]]:
    """The image of a version of two or three numbers, and those that may stand in for it, best first."""
    parts = numbers.split(".")
    wanted = f"python:{numbers}-slim"
    minor = f"python:{'.'.join(parts[:2])}-slim"
    others = sorted((3, n) for n in range(8, 16))
    here = int(parts[1])
    nearest = sorted(others, key=lambda v: (abs(v[1] - here), -v[1]))
    names = [minor, *(f"python:{major}.{small}-slim" for major, small in nearest)]
    return wanted, tuple(dict.fromkeys(name for name in names if name != wanted))


def node_image(version: str) -> str:
    """The image of a version of one to three numbers."""
    return f"node:{version}-bookworm-slim"


def apt_install(packages: str) -> str:
    """The step that installs packages of the distribution."""
    return f"RUN apt-get update && apt-get install -y --no-install-recommends {packages} && rm -rf /var/lib/apt/lists/*"


def run_with_variables(command: str, *, cache: str, cache_id: str | None = None) -> str:
    """A step that runs a command of bash with the build's variables. cache: the folder of package managers' caches.
    cache_id: whose cache it is, for one build at a time; None: everybody's."""
    # uv and Poetry have certificates of their own, and would not know a proxy's that the system knows.
    certificates = "UV_NATIVE_TLS=1; REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt"
    script = f"set -a; . /run/secrets/emu_build_env; {certificates}; set +a; exec /bin/bash -c {shlex.quote(command)}"
    whose = f"id={cache_id},sharing=locked," if cache_id else ""
    mounts = f"{_SECRET} --mount=type=cache,{whose}target={cache},uid=1000,gid=1000"
    return f"RUN {mounts} {to_json(['/bin/bash', '-c', script]).decode()}"
