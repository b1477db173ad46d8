"""Which repairs are made, and the exact commands they consist of."""

from emulator.engine.checkup import Base, Engine, Facts, Machine, Reach
from emulator.engine.repair import Launch, Run, Wait, Write, distribution_sources, repairs
from emulator.formats.aptsources import parse_apt_sources
from emulator.model.record import replace

DEB822 = """
Types: deb
URIs: http://mirror.example/debian
Suites: {suite} {suite}-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: {suite}-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
BOOKWORM = parse_apt_sources("/etc/apt/sources.list.d/debian.sources", DEB822.format(suite="bookworm"))
TRIXIE = parse_apt_sources("/etc/apt/sources.list.d/debian.sources", DEB822.format(suite="trixie"))

MACHINE = Machine(
    system="Linux", arch="x86_64", distribution="debian", root=True, git="2.39.5", ca_bundle="/etc/ssl/ca.crt",
)  # fmt: skip
SILENT = Engine(url="unix:///var/run/docker.sock", source="default", problem="nothing-there")
ALIVE = Engine(url="unix:///var/run/docker.sock", source="default", version="26", api="1.45", os="linux", arch="amd64")
BARE = Facts(machine=MACHINE, engine=SILENT)
INSTALLED = replace(
    MACHINE, dockerd="/usr/sbin/dockerd", docker="/usr/bin/docker", buildx="0.13.1", debootstrap="/usr/sbin/debootstrap"
)
NO_IMAGES = Facts(
    machine=INSTALLED, engine=ALIVE, registry=Reach(target="x", problem="dns"),
    bases=(Base(ref="python:3.11-slim", present=False), Base(ref="python:3.13-slim", present=False)),
)  # fmt: skip


def commands(steps) -> list[tuple[str, ...]]:
    return [step.argv for step in steps if isinstance(step, Run)]


def text_of(steps, name: str) -> str:
    return next(step.text for step in steps if isinstance(step, Write) and step.path.endswith(name))


def packages(repair) -> tuple[str, ...]:
    install = next(argv for argv in commands(repair.steps) if "install" in argv)
    return install[install.index("--no-install-recommends") + 1 :]


def test_bookworm_takes_docker_alone_from_trixie():
    """On Debian 12 the three docker packages come from Debian 13; everything else of it is forbidden, so that neither
    libc6 nor anything else is upgraded. The mirror is the machine's own."""
    (repair,) = repairs(BARE, BOOKWORM, "/store")
    assert packages(repair) == ("docker.io", "docker-cli", "docker-buildx", "iptables")
    assert text_of(repair.steps, ".pref") == (
        "Package: *\nPin: release n=trixie\nPin-Priority: -1\n\n"
        "Package: docker.io docker-cli docker-buildx\nPin: release n=trixie\nPin-Priority: 990\n"
    )
    sources = parse_apt_sources("emu.sources", text_of(repair.steps, "emu.sources"))
    assert [(s.uris, s.suites) for s in sources] == [
        (("http://mirror.example/debian",), ("bookworm", "bookworm-updates")),
        (("http://mirror.example/debian-security",), ("bookworm-security",)),
        (("http://mirror.example/debian",), ("trixie",)),
    ]
    assert all(s.options["Signed-By"].endswith("debian-archive-keyring.gpg") for s in sources)


def test_a_release_with_buildx_uses_its_own_packages():
    """Debian 13 needs no donor and no preferences."""
    (repair,) = repairs(BARE, TRIXIE, "/store")
    assert text_of(repair.steps, ".pref") == ""
    assert "bookworm" not in text_of(repair.steps, "emu.sources")


def test_apt_leaves_the_machines_own_set_up_alone():
    """Lists, sources and preferences are ours, in our folder."""
    (repair,) = repairs(BARE, BOOKWORM, "/store")
    update = next(argv for argv in commands(repair.steps) if "update" in argv)
    assert update[0] == "apt-get"
    assert {
        "Dir::Etc::SourceList=/dev/null", "Dir::Etc::SourceParts=/store/apt/sources",
        "Dir::Etc::PreferencesParts=/store/apt/preferences", "Dir::State::Lists=/store/apt/lists",
    } <= set(update)  # fmt: skip
    assert all(step.path.startswith("/store/") for step in repair.steps if isinstance(step, Write))


def test_a_third_party_source_is_never_the_mirror():
    """Others publish "bookworm main" as well: only the distribution's own file or key makes a mirror."""
    other = parse_apt_sources("/etc/apt/sources.list.d/tool.list", "deb http://tool.example bookworm main\n")
    chosen = distribution_sources(other + BOOKWORM, "debian")
    assert {uri for source in chosen for uri in source.uris} == {
        "http://mirror.example/debian", "http://mirror.example/debian-security",
    }  # fmt: skip


def test_ca_certificates_are_not_upgraded():
    """Only a machine without any bundle gets the package: an upgrade writes the bundle anew and loses what was added
    to it by hand."""
    (bare,) = repairs(replace(BARE, machine=replace(MACHINE, ca_bundle=None)), BOOKWORM, "/store")
    (usual,) = repairs(BARE, BOOKWORM, "/store")
    assert "ca-certificates" in packages(bare)
    assert "ca-certificates" not in packages(usual)


def test_without_systemd_the_daemon_is_started_by_hand():
    """Detached, with a log, and with the pid files a dead one may have left."""
    (repair,) = repairs(BARE, BOOKWORM, "/store")
    launch = repair.steps[-1]
    assert isinstance(launch, Launch)
    assert launch.argv == ("dockerd",)
    assert launch.pid_files["/var/run/docker.pid"] == "dockerd"


def test_with_systemd_the_service_is_started():
    """An installed engine that does not run is started by systemd, with nothing installed."""
    facts = replace(BARE, machine=replace(INSTALLED, systemd=True))
    (repair,) = repairs(facts, BOOKWORM, "/store")
    assert commands(repair.steps) == [("systemctl", "start", "docker")]
    assert isinstance(repair.steps[-1], Wait)


def test_ubuntu_uses_its_own_two_packages():
    """There docker.io holds the command line too."""
    text = "deb http://mirror.example/ubuntu noble main universe\n"
    sources = parse_apt_sources("/etc/apt/sources.list", text)
    (repair,) = repairs(replace(BARE, machine=replace(MACHINE, distribution="ubuntu")), sources, "/store")
    assert packages(repair) == ("docker.io", "docker-buildx", "iptables")
    assert "Components: main universe" in text_of(repair.steps, "emu.sources")


def test_no_second_engine_beside_the_one_that_was_meant():
    """A stopped Docker Desktop, a chosen remote engine, a refused permission: nothing is installed."""
    desktop = replace(BARE, machine=replace(MACHINE, desktop_installed=True))
    chosen = replace(BARE, engine=replace(SILENT, chosen=True, source="DOCKER_HOST"))
    denied = replace(BARE, engine=replace(SILENT, problem="permission"))
    for facts in (desktop, chosen, denied):
        assert [r for r in repairs(facts, BOOKWORM, "/store") if r.id == "engine"] == []


def test_nothing_to_repair_on_a_good_machine():
    """With engine, tools and images there, or images that a registry can give, the list is empty."""
    there = replace(NO_IMAGES, bases=tuple(replace(base, present=True) for base in NO_IMAGES.bases))
    reachable = replace(NO_IMAGES, registry=Reach(target="x"))
    assert repairs(there, BOOKWORM, "/store") == ()
    assert repairs(reachable, BOOKWORM, "/store") == ()


def test_a_registry_that_refuses_is_no_reason_for_stand_ins():
    """A rate limit or a missing account passes; a stand-in would stay and shadow the real image."""
    assert repairs(replace(NO_IMAGES, registry=Reach(target="x", problem="answer")), BOOKWORM, "/store") == ()


def test_missing_tools_are_installed_beside_a_running_engine():
    """Buildx and git come without touching the engine."""
    facts = replace(NO_IMAGES, machine=replace(INSTALLED, buildx=None, git=None), registry=Reach(target="x"))
    (repair,) = repairs(facts, BOOKWORM, "/store")
    assert packages(repair) == ("docker-buildx", "git")
    assert not any(isinstance(step, Launch) for step in repair.steps)


def test_stand_ins_are_made_beside_each_other():
    """One lane per image: debootstrap in namespaces of its own, Python's layout, import with labels and environment."""
    (repair,) = repairs(NO_IMAGES, BOOKWORM, "/store")
    assert repair.steps == ()
    first, second = (commands(lane) for lane in repair.lanes)
    clear, bootstrap, certificates, layout, store = first
    assert clear == ("rm", "-rf", "--one-file-system", "/store/root-bookworm")
    assert bootstrap[:8] == (
        "setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child",
    )  # fmt: skip
    assert bootstrap[-4:-1] == ("bookworm", "/store/root-bookworm", "http://mirror.example/debian")
    assert certificates == ("cp", "/etc/ssl/ca.crt", "/store/root-bookworm/host-ca.pem")
    assert layout[:2] == ("chroot", "/store/root-bookworm")
    assert store[0] == "tar"
    assert "trixie" in second[1]
    assert commands(repair.clearing) == [clear, second[0]]


def test_a_stand_in_is_labelled_and_set_up_like_the_image_it_stands_for():
    """The import carries the labels that make it known as a stand-in, and the official image's settings."""
    (repair,) = repairs(NO_IMAGES, BOOKWORM, "/store")
    into = next(step.into for step in repair.lanes[0] if isinstance(step, Run) and step.into)
    assert into[-2:] == ("-", "python:3.11-slim")
    assert {
        'CMD ["python3"]', "LABEL emu.stand-in=true", 'LABEL emu.stand-in.from="debian bookworm"', "ENV LANG=C.UTF-8",
        "ENV PYTHON_VERSION=3.11.2",
        "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    } <= set(into)  # fmt: skip


def test_debootstrap_is_installed_where_it_is_missing():
    """From the machine's own release, not the donor's."""
    facts = replace(NO_IMAGES, machine=replace(INSTALLED, debootstrap=None))
    (repair,) = repairs(facts, BOOKWORM, "/store")
    assert packages(repair) == ("debootstrap",)
    assert "trixie" not in text_of(repair.steps, "emu.sources")


def test_where_stand_ins_cannot_be_made_it_is_said():
    """Not Debian, another processor, an engine elsewhere: a reason instead of steps."""
    for changed in (
        replace(NO_IMAGES, machine=replace(INSTALLED, distribution="fedora")),
        replace(NO_IMAGES, engine=replace(ALIVE, arch="arm64")),
        replace(NO_IMAGES, engine=replace(ALIVE, local=False)),
        replace(NO_IMAGES, engine=replace(ALIVE, desktop=True)),
    ):
        (repair,) = repairs(changed, BOOKWORM, "/store")
        assert repair.problem
        assert repair.all_steps == ()
    (lost,) = repairs(NO_IMAGES, (), "/store")
    assert "no source" in (lost.problem or "")


def test_one_line_sources_are_understood():
    """Options, comments, deb-src and disabled lines of the old form."""
    text = (
        "# deb http://off.example/debian bookworm main\n"
        "deb-src http://src.example/debian bookworm main\n"
        "deb [arch=amd64,i386 signed-by=/k.gpg] http://on.example/debian bookworm main contrib # why\n"
    )
    (source,) = parse_apt_sources("/etc/apt/sources.list", text)
    assert (source.uris, source.components) == (("http://on.example/debian",), ("main", "contrib"))
    assert source.options == {"Architectures": "amd64 i386", "Signed-By": "/k.gpg"}


def test_deb822_sources_keep_their_further_fields():
    """Disabled entries are left out; comments inside are skipped; a key written into the entry survives."""
    text = (
        "Types: deb deb-src\nURIs: http://on.example/debian\n# a remark\nSuites: bookworm\nComponents: main\n"
        "Signed-By:\n -----BEGIN\n .\n abc\n\nTypes: deb\nEnabled: no\nURIs: http://off.example\nSuites: x\n"
    )
    (source,) = parse_apt_sources("/etc/apt/sources.list.d/debian.sources", text)
    assert source.options == {"Signed-By": "\n -----BEGIN\n .\n abc"}
    assert parse_apt_sources("again.sources", source.stanza())[0].options == source.options
