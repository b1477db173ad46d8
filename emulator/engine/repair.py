"""How a machine is repaired, as lists of exact commands. Pure: emulator/edge/provision.py performs them.

Every list may be run again from its start after it was cut off anywhere.
"""

from emulator.formats.aptsources import AptSource
from emulator.model.record import Record

from .checkup import DEFAULT_BASES, STAND_IN_FROM_LABEL, STAND_IN_LABEL, Facts, Machine, Server, can_install_engine

DONORS = {"bookworm": "trixie"}
"""Debian releases without docker-buildx, and the release whose docker packages run on them: they need no
newer C library (libc6 >= 2.34) and nothing else of it is taken."""

DOCKER_PACKAGES = {
    "debian": ("docker.io", "docker-cli", "docker-buildx"),
    "ubuntu": ("docker.io", "docker-buildx"),  # there docker.io holds the command line as well
}

DOCKERD_LOG = "/var/log/emu-dockerd.log"

STAND_INS = {
    "python:3.11-slim": ("bookworm", "3.11.2"),
    "python:3.13-slim": ("trixie", "3.13.5"),
}
"""Official images that a Debian release can stand for, and the Python it brings for its whole life."""

STAND_IN_PACKAGES = ("ca-certificates", "netbase", "python3", "python3-pip", "python3-venv", "tzdata")

DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Write(Record, frozen=True, kw_only=True, tag="write"):
    """Write `text` to `path`, making its folder."""

    path: str
    text: str


class Run(Record, frozen=True, kw_only=True, tag="run"):
    """Run a program to its end. `root`: it needs the administrator's rights. `input`: given on stdin."""

    title: str
    argv: tuple[str, ...]
    root: bool = True
    env: dict[str, str] = {}
    input: str | None = None
    into: tuple[str, ...] = ()
    """A second program that reads what the first prints."""
    advice: str = ""
    """What to do when it fails."""


class Launch(Record, frozen=True, kw_only=True, tag="launch"):
    """Start a daemon that outlives us, unless it runs, and wait until the engine answers."""

    title: str
    argv: tuple[str, ...]
    log: str
    pid_files: dict[str, str] = {}
    """Pid file → the program it must be of; a file left by a dead daemon is removed first."""


class Wait(Record, frozen=True, kw_only=True, tag="wait"):
    """Wait until the engine answers."""

    title: str
    seconds: float = 60


Step = Write | Run | Launch | Wait


class Repair(Record, frozen=True, kw_only=True):
    """One thing to repair. The steps of each of `lanes` run in order, the lanes beside each other.

    `problem`: why it cannot be done here; then there are no steps.
    """

    id: str
    title: str
    because: str
    cost: str = ""
    steps: tuple[Step, ...] = ()
    lanes: tuple[tuple[Step, ...], ...] = ()
    clearing: tuple[Step, ...] = ()
    """Performed at the end, also when it was interrupted."""
    problem: str | None = None

    @property
    def all_steps(self) -> tuple[Step, ...]:
        return self.steps + tuple(step for lane in self.lanes for step in lane) + self.clearing


def repairs(facts: Facts, sources: tuple[AptSource, ...], work: str) -> tuple[Repair, ...]:
    """What to repair now, in order. Without an engine nothing is known of its images, so ask again after
    each. `sources`: the machine's own apt sources. `work`: a folder of ours for lists and root file systems."""
    found = []
    if facts.engine.problem is None:
        found += [packages_repair(facts, sources, work), stand_in_repair(facts, sources, work), server_repair(facts)]
    else:
        found += [engine_repair(facts, sources, work) or packages_repair(facts, sources, work)]
    return tuple(repair for repair in found if repair)


def engine_repair(facts: Facts, sources: tuple[AptSource, ...], work: str) -> Repair | None:
    """Install and start an engine where there is none; None where that would not be what the user meant."""
    engine, machine = facts.engine, facts.machine
    nobody_there = engine.problem in ("nothing-there", "refused")
    if not nobody_there or engine.chosen or engine.desktop or machine.desktop_installed or machine.wsl:
        return None
    if not can_install_engine(machine):
        return None
    start = start_steps(machine)
    packages = missing_packages(machine, engine=True)
    if not packages:
        return Repair(
            id="engine",
            title="start Docker Engine",
            because="it is installed but does not run",
            cost="seconds",
            steps=start,
        )
    title, cost = f"install {' '.join(packages)} and start Docker Engine", "about half a minute, 300 MB"
    because = "no Docker engine is installed" if machine.dockerd is None else "it does not run"
    install = install_steps(machine, sources, packages, work)
    if isinstance(install, str):
        return Repair(id="engine", title=title, because=because, problem=install)
    return Repair(id="engine", title=title, because=because, cost=cost, steps=install + start)


def packages_repair(facts: Facts, sources: tuple[AptSource, ...], work: str) -> Repair | None:
    """Install git, the docker command line and its buildx plugin where an engine is there without them."""
    machine = facts.machine
    packages = missing_packages(machine, engine=False)
    if not packages or machine.distribution not in DOCKER_PACKAGES:
        return None
    title, because = f"install {' '.join(packages)}", f"{_listed(packages)} missing"
    steps = install_steps(machine, sources, packages, work)
    if isinstance(steps, str):
        return Repair(id="packages", title=title, because=because, problem=steps)
    return Repair(id="packages", title=title, because=because, cost="seconds, up to 100 MB", steps=steps)


def missing_packages(machine: Machine, *, engine: bool) -> tuple[str, ...]:
    """Distribution packages to install for what is not there."""
    known = DOCKER_PACKAGES.get(machine.distribution or "", ())
    wanted = []
    if engine and machine.dockerd is None:
        wanted += [*known, "iptables"]
        # Never as an upgrade: that writes the bundle anew, and a proxy's CA that was added to it by hand is lost.
        wanted += ["ca-certificates"] if machine.ca_bundle is None else []
    else:
        if machine.docker is None and "docker-cli" in known:
            wanted += ["docker-cli"]
        if machine.buildx is None:
            wanted += ["docker-buildx"]
    if machine.git is None:
        wanted += ["git"]
    return tuple(wanted)


def _listed(words: tuple[str, ...]) -> str:
    return " and ".join(words) + (" is" if len(words) == 1 else " are")


def start_steps(machine: Machine) -> tuple[Step, ...]:
    """Start an installed engine: by systemd where that runs the machine, else by hand."""
    title = "starting Docker Engine"
    if machine.systemd:
        start = Run(
            title=title,
            argv=("systemctl", "start", "docker"),
            advice="`journalctl -u docker -n 30` says why it does not start",
        )
        return (start, Wait(title="waiting for Docker Engine"))
    pid_files = {"/var/run/docker.pid": "dockerd", "/var/run/docker/containerd/containerd.pid": "containerd"}
    return (Launch(title=title, argv=("dockerd",), log=DOCKERD_LOG, pid_files=pid_files),)


def install_steps(
    machine: Machine, sources: tuple[AptSource, ...], packages: tuple[str, ...], work: str
) -> tuple[Step, ...] | str:
    """The commands that install `packages`, or why that cannot be done.

    apt gets lists, sources and preferences of its own in `work`: nothing of the machine's set-up is
    changed, a broken third-party source does no harm, and where a donor release is needed its docker packages alone may
    come from it.
    """
    own = distribution_sources(sources, machine.distribution or "")
    if not own:
        return f"apt has no source of {machine.distribution or 'a known distribution'}'s own packages"
    series = own[0].series[0]
    donor = DONORS.get(series) if any(name.startswith("docker") for name in packages) else None
    known = DOCKER_PACKAGES[machine.distribution or "debian"]
    texts = [source.stanza() for source in own]
    if donor:
        texts.append(AptSource(**_donor_fields(own[0], donor)).stanza())  # type: ignore[arg-type]
    apt = apt_command(work)
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    return (
        Write(path=f"{work}/apt/sources/emu.sources", text="\n".join(texts)),
        Write(path=f"{work}/apt/preferences/emu.pref", text=_preferences(donor, known)),
        Write(path=f"{work}/apt/lists/partial/.keep", text=""),
        Run(title="finishing what apt left half done", argv=("dpkg", "--configure", "-a"), env=environment),
        Run(
            title="reading the package lists",
            argv=(*apt, "update"),
            env=environment,
            advice=f"check that this machine reaches {own[0].uris[0]} (`apt-get update`), then try again",
        ),
        Run(
            title=f"installing {' '.join(packages)}",
            argv=(*apt, "install", "--yes", "--no-install-recommends", *packages),
            env=environment,
            advice=f"`apt-get install {' '.join(packages)}` by hand, then `emu doctor`",
        ),
    )


def apt_command(work: str) -> tuple[str, ...]:
    """apt-get with everything of its own. The machine's apt.conf (proxies, certificates) still applies."""
    options = (
        "Dir::Etc::SourceList=/dev/null",
        f"Dir::Etc::SourceParts={work}/apt/sources",
        "Dir::Etc::Preferences=/dev/null",
        f"Dir::Etc::PreferencesParts={work}/apt/preferences",
        f"Dir::State::Lists={work}/apt/lists",
        "Acquire::Languages=none",
        "Acquire::Retries=2",
        "APT::Sandbox::User=root",  # the lists lie in a folder that the sandbox's user may not enter
        "APT::Update::Error-Mode=any",
        "Dir::Cache::pkgcache=",
        "Dir::Cache::srcpkgcache=",
        "DPkg::Lock::Timeout=120",
        "Dpkg::Use-Pty=0",
    )
    return ("apt-get", "--quiet", *(word for option in options for word in ("-o", option)))


def _donor_fields(own: AptSource, donor: str) -> dict[str, object]:
    return {"file": "", "uris": own.uris, "suites": (donor,), "components": ("main",), "options": own.options}


def _preferences(donor: str | None, packages: tuple[str, ...]) -> str:
    if donor is None:
        return ""
    return (
        f"Package: *\nPin: release n={donor}\nPin-Priority: -1\n\n"
        f"Package: {' '.join(packages)}\nPin: release n={donor}\nPin-Priority: 990\n"
    )


def distribution_sources(sources: tuple[AptSource, ...], distribution: str) -> tuple[AptSource, ...]:
    """The distribution's own sources, its main archive first. Others use the same release names ("bookworm main"), so
    the file they stand in and the key that signs them tell; a source in neither is taken only where nothing else is."""
    plain = [source for source in sources if "main" in source.components]
    named = f"{distribution}-archive-keyring"
    official = [s for s in plain if named in s.options.get("Signed-By", "") or _is_main_file(s.file, distribution)]
    chosen = official or plain
    archive = next((s for s in chosen if any(suite in s.series for suite in s.suites)), None)
    if archive is None:
        return ()
    series = archive.series[0]
    rest = (s for s in chosen if s is not archive and s.series == (series,))
    return (archive, *rest)


def _is_main_file(file: str, distribution: str) -> bool:
    return file.endswith(("/sources.list", f"/{distribution}.sources", f"/{distribution}.list"))


def stand_in_repair(facts: Facts, sources: tuple[AptSource, ...], work: str) -> Repair | None:
    """Make the default base images that are not here and cannot be fetched from Debian's packages."""
    if facts.registry is None or facts.registry.problem in (None, "answer"):
        return None
    missing = tuple(b.ref for b in facts.bases if not b.present and b.ref in STAND_INS and b.ref in DEFAULT_BASES)
    if not missing:
        return None
    title = f"make stand-ins for {' and '.join(missing)} from Debian's packages"
    because = "no image registry answers and they are not here"
    problem = _no_stand_in(facts, sources)
    if problem:
        return Repair(id="stand-ins", title=title, because=because, problem=problem)
    archive = distribution_sources(sources, "debian")[0]
    first: tuple[Step, ...] = ()
    if facts.machine.debootstrap is None:
        steps = install_steps(facts.machine, sources, ("debootstrap",), work)
        if isinstance(steps, str):
            return Repair(id="stand-ins", title=title, because=because, problem=steps)
        first = steps
    lanes = tuple(stand_in_steps(ref, archive.uris[0], work, facts.machine.ca_bundle) for ref in missing)
    return Repair(
        id="stand-ins",
        title=title,
        because=because,
        cost="about a minute, 250 MB each",
        steps=first,
        lanes=lanes,
        clearing=tuple(clear_step(root_folder(ref, work)) for ref in missing),
    )


def server_repair(facts: Facts) -> Repair | None:
    """Make the servers that the repository's datastores need, and that are neither here nor to be fetched."""
    if facts.registry is None or facts.registry.problem in (None, "answer") or facts.machine.docker is None:
        return None
    missing = [s for s in facts.servers if s.needed and s.base and not s.present and s.stand_in is None]
    if not missing:
        return None
    return Repair(
        id="datastores",
        title=f"make stand-ins for {' and '.join(server.ref for server in missing)} from Debian's packages",
        because="no image registry answers, and datastores need them",
        cost="about a minute, 100 to 500 MB each",
        lanes=tuple((server_step(server),) for server in missing),
    )


def server_step(server: Server) -> Step:
    """Build a server's stand-in on the base image at hand."""
    return Run(
        title=f"{server.ref}: making {server.tag}",
        argv=("docker", "build", "--quiet", "--tag", server.tag, "-"),
        root=False,
        input=server.dockerfile,
        advice="`emu doctor` says whether a container reaches the network, which Debian's packages come by",
    )


def _no_stand_in(facts: Facts, sources: tuple[AptSource, ...]) -> str | None:
    """Why a stand-in cannot be made here."""
    machine, engine = facts.machine, facts.engine
    if machine.system != "Linux" or machine.distribution != "debian":
        return "stand-ins are made with debootstrap from Debian's packages, which needs a Debian machine"
    if not engine.local or engine.desktop:
        return "stand-ins can be made only for an engine on this machine itself"
    if engine.arch not in ("x86_64", "amd64"):
        return f"stand-ins for linux/amd64 cannot be made on {engine.arch}"
    if not distribution_sources(sources, "debian"):
        return "apt has no source of Debian's own packages"
    return None


def root_folder(ref: str, work: str) -> str:
    """Where the files of a stand-in are put together."""
    return f"{work}/root-{STAND_INS[ref][0]}"


def clear_step(root: str) -> Step:
    """Remove a root file system, and nothing that may be mounted in it."""
    return Run(title=f"clearing {root}", argv=("rm", "-rf", "--one-file-system", root))


def stand_in_steps(ref: str, mirror: str, work: str, ca_bundle: str | None) -> tuple[Step, ...]:
    """Debian in a folder, Python laid out like the official image's, imported as `ref`.

    The folder is made anew: one that was cut off half way is worth nothing. debootstrap mounts /proc in
    it: namespaces of its own end that, and all its children, with the process, and that ends with us.
    """
    suite, python = STAND_INS[ref]
    root = root_folder(ref, work)
    alone = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child")
    debootstrap = (
        "debootstrap",
        "--variant=minbase",
        f"--include={','.join(STAND_IN_PACKAGES)}",
        f"--keyring={DEBIAN_KEYRING}",
        suite,
        root,
        mirror,
        "/usr/share/debootstrap/scripts/sid",
    )
    certificates: tuple[Step, ...] = ()
    if ca_bundle:
        certificates = (Run(title=f"{ref}: this machine's CAs", argv=("cp", ca_bundle, f"{root}/host-ca.pem")),)
    return (
        clear_step(root),
        Run(
            title=f"{ref}: Debian {suite}",
            argv=(*alone, *debootstrap),
            advice=f"see {root}/debootstrap/debootstrap.log, and check that this machine reaches {mirror}",
        ),
        *certificates,
        Run(
            title=f"{ref}: Python as in the official image",
            argv=(
                "chroot",
                root,
                "/usr/bin/env",
                "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                "sh",
                "-eu",
                "-s",
                python,
            ),
            input=LAYOUT,
        ),
        import_step(ref, root),
    )


def import_step(ref: str, root: str) -> Step:
    """Hand a root file system to the engine as `ref`, set up like the official image and labelled as a stand-in."""
    suite, python = STAND_INS[ref]
    changes = (
        'CMD ["python3"]',
        "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "ENV LANG=C.UTF-8",
        f"ENV PYTHON_VERSION={python}",
        f"LABEL {STAND_IN_LABEL}=true",
        f'LABEL {STAND_IN_FROM_LABEL}="debian {suite}"',
    )
    return Run(
        title=f"{ref}: importing",
        argv=("tar", "--one-file-system", "-C", root, "-c", "."),
        into=("docker", "import", *(word for change in changes for word in ("--change", change)), "-", ref),
        advice="`docker info` says whether the engine still answers; `df` whether its disk is full",
    )


LAYOUT = r"""
# $1: the Python version expected
# The official images build Python into /usr/local. A virtual environment made right there gives the same
# paths: python and pip in /usr/local/bin, packages in /usr/local/lib/pythonX.Y/site-packages, and `pip
# install --user`, `--prefix` and nested environments work as they do there.
python3 -m venv --system-site-packages /usr/local
# Debian's own copies of pip and setuptools, and its refusal to install, are not in the official images.
rm -rf /usr/lib/python3/dist-packages/* /usr/lib/python3*/EXTERNALLY-MANAGED
if [ -f /host-ca.pem ]; then
    /usr/local/bin/python - <<'PY'
import pathlib, re
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)
def bundle(path):
    found = CERTIFICATE.findall(pathlib.Path(path).read_text(errors="replace"))
    return {"".join(text.split()): text for text in found}
known = bundle("/etc/ssl/certs/ca-certificates.crt")
folder = pathlib.Path("/usr/local/share/ca-certificates")
folder.mkdir(parents=True, exist_ok=True)
extra = [text for key, text in bundle("/host-ca.pem").items() if key not in known]
for number, text in enumerate(extra, 1):
    (folder / f"host-{number}.crt").write_text(text + "\n")
PY
    # Through Debian's own tool, so that a later update-ca-certificates in a user's build keeps them.
    update-ca-certificates >/dev/null
fi
rm -rf /host-ca.pem /tmp/* /var/tmp/* /var/cache/apt/* /var/lib/apt/lists/* /var/log/*.log /debootstrap /root/.cache
mkdir -p /var/cache/apt/archives/partial /var/lib/apt/lists/partial
# What makes it a stand-in that can be used: else it is not imported.
test "$(/usr/local/bin/python -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')" = "$1"
/usr/local/bin/python -c 'import pip, ssl, sqlite3; assert pip.__file__.startswith("/usr/local/"), pip.__file__'
/usr/local/bin/pip --version >/dev/null
"""
