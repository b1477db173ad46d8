from emulator.engine.docker_facts import container_facts, engine_facts, image_facts

NEVER = "0001-01-01T00:00:00Z"


def told(**state):
    return {
        "Id": "abc",
        "Name": "/web",
        "Path": "python3",
        "Args": ["", "-c"],
        "Image": "sha256:1",
        "State": {
            "Status": "exited",
            "Running": False,
            "Pid": 0,
            "ExitCode": 0,
            "StartedAt": NEVER,
            "FinishedAt": NEVER,
        }
        | state,
        "Config": {"Labels": None},
        "NetworkSettings": {"Ports": {}, "Networks": {}},
    }


def test_container_that_never_ran_has_no_exit_code():
    """The engine says 0 for "none yet"."""
    facts = container_facts(told(Status="created"))
    assert (facts.exit_code, facts.started_at, facts.finished_at, facts.pid) == (None, None, None, None)
    assert facts.argv == ("python3", "", "-c")


def test_container_that_could_not_start_has_its_exit_code():
    """127 is there although it never ran."""
    assert container_facts(told(Status="created", ExitCode=127)).exit_code == 127


def test_times_are_seconds_with_nanoseconds_cut():
    """Nine digits after the point are understood."""
    facts = container_facts(told(StartedAt="2024-05-01T10:00:00.123456789Z", FinishedAt="2024-05-01T10:00:01Z"))
    assert round(facts.finished_at - facts.started_at, 3) == 0.877
    assert facts.exit_code == 0


def test_restarted_container_has_not_finished():
    """A running container keeps the end of its last run; that is not its end."""
    facts = container_facts(told(Running=True, Status="running", Pid=7, FinishedAt="2024-05-01T10:00:01Z"))
    assert (facts.finished_at, facts.exit_code, facts.pid) == (None, None, 7)


def test_published_ports_and_address():
    """TCP ports with a host port; the address of the network that has one."""
    settings = {
        "Ports": {
            "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "32768"}],
            "53/udp": [{"HostPort": "5"}],
            "81/tcp": None,
        },
        "Networks": {"none": {"IPAddress": ""}, "n": {"IPAddress": "172.18.0.2"}},
    }
    facts = container_facts({**told(), "NetworkSettings": settings})
    assert (facts.ports, facts.address) == ({80: 32768}, "172.18.0.2")


def test_image_without_settings():
    """An imported image has none; nothing is made up for it."""
    facts = image_facts({"Id": "sha256:1", "Architecture": "arm64", "Config": None})
    assert (facts.entrypoint, facts.cmd, facts.argv, facts.env, facts.user) == (None, None, (), {}, "")


def test_desktop_and_rootless_engines_are_not_local():
    """Their addresses and processes are out of reach, whatever the socket."""
    desktop = {"OperatingSystem": "Docker Desktop", "SecurityOptions": ["name=seccomp,profile=unconfined"]}
    rootless = {"OperatingSystem": "Debian", "SecurityOptions": ["name=seccomp", "name=rootless"], "CgroupVersion": "2"}
    for info in (desktop, rootless):
        assert not engine_facts(info, api="1.45", endpoint="unix:///x", same_machine=True).local
    assert engine_facts({}, api="1.45", endpoint="unix:///x", same_machine=True).local
