"""What services are told of datastores, and the servers that stand for them."""

import pytest

from emulator.engine.datastores import PASSWORD, THIS_MACHINE, access, access_given, as_server, linked, volume_of
from emulator.engine.requests import conceal, environment
from emulator.engine.stand_ins import STAND_INS, base_for, dockerfile, stand_ins
from emulator.model.diagnostic import UsageError
from emulator.model.lifecycle import Lifecycle, Probes, Shutdown
from emulator.model.plan import Build, BuildKind, Datastore, EnvKind, EnvVar, Reference, Resources, Service, ServiceType
from emulator.model.record import replace
from emulator.world.docker import ImageEntry

POSTGRES = Datastore(
    engine="postgres", version="18", host="db-1", user="shop user", database="shop",
    connection_string="postgresql://{user}:{password}@{host}:{port}/{database}",
)  # fmt: skip
VALKEY = Datastore(
    engine="valkey", version="8", host="red-1", connection_string="redis://{host}:{port}",
    settings={"maxmemory-policy": "noeviction", "save": ""},
)  # fmt: skip


def _service(name: str, store: Datastore | None, *env: EnvVar) -> Service:
    return Service(
        name=name, type=ServiceType.WEB if store is None else ServiceType.DATASTORE, origin=None,
        build=Build(kind=BuildKind.IMAGE, runtime="image"), command=None, port=None, env=env, probes=Probes(),
        containers=(), lifecycle=Lifecycle(), datastore=store, resources=Resources(), shutdown=Shutdown(),
    )  # fmt: skip


DB, CACHE = _service("db", POSTGRES), _service("cache", VALKEY)


def _variable(name: str, service: str, fact: str) -> EnvVar:
    return EnvVar(name=name, value=None, kind=EnvKind.DATABASE, reference=Reference(service=service, fact=fact))  # type: ignore[arg-type]


def test_a_service_gets_connection_strings_and_their_parts() -> None:
    """Its environment has them; what holds the password is hidden, and so is the password itself, in any output."""
    names = {"URL": "connection-string", "HOST": "host", "PORT": "port", "PASS": "password", "DB": "database"}
    web = _service("web", None, *(_variable(name, "db", fact) for name, fact in names.items()),
                   _variable("CACHE", "cache", "connection-string"), _variable("GONE", "nowhere", "host"))  # fmt: skip
    told = linked(web, {"db": access(DB, "s3cret/x"), "cache": access(CACHE, None)})
    assert environment(told.service, told.hidden, build=False) == {
        "URL": "postgresql://shop%20user:s3cret%2Fx@db-1:5432/shop",
        "HOST": "db-1", "PORT": "5432", "PASS": "s3cret/x", "DB": "shop", "CACHE": "redis://red-1:6379",
    }  # fmt: skip
    shown = {v.name: v.value for v in told.service.env}
    assert (shown["URL"], shown["PASS"], shown["HOST"]) == (None, None, "db-1")
    assert "s3cret" not in conceal("could not log in with s3cret/x at db-1:5432", told.hidden)
    assert conceal("listens on 5432 of db-1", told.hidden) == "listens on 5432 of db-1"


def test_a_server_that_is_there_already_is_reached_at_its_url() -> None:
    """One of this machine by the name containers have for it."""
    found = access_given(DB, "postgres://me:p%40ss@localhost:6432/mine")
    assert (found.host, found.port, found.user, found.password) == (THIS_MACHINE, 6432, "me", "p@ss")
    assert found.database == "mine"
    assert found.url == f"postgres://me:p%40ss@{THIS_MACHINE}:6432/mine"
    assert found.on_this_machine
    assert "p@ss" not in repr(found)
    assert access_given(CACHE, "rediss://cache.example.org").fact("host-port") == "cache.example.org:6379"


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "postgres://", "postgresql://u:hunter2@h:port/d", "db"])
def test_a_url_that_can_be_none_is_refused_without_being_repeated(url: str) -> None:
    """It may hold a password."""
    with pytest.raises(UsageError) as refused:
        access_given(DB, url)
    assert "hunter2" not in repr(refused.value.diagnostic)


def test_a_server_is_asked_in_its_own_protocol_and_keeps_its_data_apart_by_version() -> None:
    """Postgres is told to end its sessions, and its password is in no plan."""
    server = as_server(DB)
    assert server.build.image == "postgres:18"
    assert server.probes.startup is not None
    assert (server.probes.startup.kind, server.probes.startup.port) == ("postgres", 5432)
    assert server.shutdown.signal == "SIGINT"
    assert server.lifecycle.replacement.stop_first
    values = environment(server, {PASSWORD: "x"}, build=False)
    assert values["PGDATA"].endswith("/18")
    assert PASSWORD not in environment(server, {}, build=False)
    other = environment(as_server(replace(DB, datastore=replace(POSTGRES, version="16"))), {}, build=False)
    assert other["PGDATA"] != values["PGDATA"]


def test_a_key_value_server_gets_the_settings_of_the_plan() -> None:
    """An empty setting as well; one that keeps nothing has no volume."""
    command = as_server(CACHE).command
    assert command is not None
    words = command.image_args or ()
    assert words[-4:] == ("--maxmemory-policy", "noeviction", "--save", "")
    assert volume_of(CACHE, "/shop") is not None
    assert volume_of(replace(CACHE, datastore=replace(VALKEY, persistent=False)), "/shop") is None
    assert volume_of(CACHE, "/shop") != volume_of(CACHE, "/other")


def test_a_stand_in_is_of_the_version_asked_for_where_there_is_one() -> None:
    """Else of the newest; made on a base of its own release, never on what was built on one and has its labels."""
    assert [one.version for one in stand_ins(POSTGRES)] == ["17", "15"]
    assert [one.version for one in stand_ins(replace(POSTGRES, version="15"))] == ["15", "17"]
    best = stand_ins(POSTGRES)[0]
    server = ImageEntry(id="1", tags=("built-on-it:1",), labels={"emu.stand-in.from": "debian trixie"})
    base = ImageEntry(id="2", tags=("python:3.13-slim",), labels={"emu.stand-in.from": "debian trixie"})
    assert base_for(best, [server]) is None
    assert base_for(best, [server, base]) == "python:3.13-slim"


@pytest.mark.parametrize("one", [one for found in STAND_INS.values() for one in found], ids=lambda one: one.tag)
def test_a_stand_in_says_what_it_is(one: object) -> None:
    """Its labels tell whoever finds the image."""
    text = dockerfile(one, "base:1")  # type: ignore[arg-type]
    assert text.startswith("FROM base:1\n")
    assert 'emu.stand-in="true"' in text
