"""A plan as text: the answer, and nothing said twice."""

import pytest

from emulator.model.choice import Decision, Rejected
from emulator.model.diagnostic import Related, warning
from emulator.model.lifecycle import Lifecycle, Probes, Shutdown
from emulator.model.origin import Origin
from emulator.model.plan import (
    Alternative,
    Build,
    BuildKind,
    Command,
    Datastore,
    EnvKind,
    EnvVar,
    Plan,
    Port,
    Resources,
    Service,
    ServiceType,
    Shadowed,
    SnapshotInfo,
    Tasks,
)
from emulator.model.record import replace
from emulator.model.router import Header, Router
from emulator.model.rule import Evidence, Fidelity, Rule
from emulator.show.plan_text import plan_text
from emulator.show.style import Style

SHELL = Command(argv=("/bin/bash", "-c", "run it"), form="shell", text="run it", source="f")
SERVICE = Service(
    name="web", type=ServiceType.WEB, origin=None,
    build=Build(kind=BuildKind.IMAGE, runtime="image", image="registry/app"),
    command=SHELL, port=None, env=(), probes=Probes(), containers=(), lifecycle=Lifecycle(),
    resources=Resources(), shutdown=Shutdown(),
)  # fmt: skip
PLAN = Plan(
    platform="somewhere", root=".", created_from=None, snapshot=SnapshotInfo(kind="folder"),
    detected=Decision(id="platform", question="Which?", answer="somewhere", because="it is"), services=(SERVICE,),
)  # fmt: skip


def _printed(service: Service, *, verbose: bool = False) -> str:
    return plan_text(replace(PLAN, services=(service,)), Style(width=80), lambda _: None, verbose=verbose)


def _command(*argv: str, text: str) -> Service:
    return replace(SERVICE, command=replace(SHELL, argv=argv, text=text))


def _variables(count: int, kind: EnvKind = EnvKind.LITERAL) -> tuple[EnvVar, ...]:
    return tuple(EnvVar(name=f"{kind.name}_{n}", value="x", kind=kind) for n in range(count))


def test_a_short_argv_is_printed_whole() -> None:
    """One line costs nothing."""
    assert 'argv      ["/bin/bash", "-c", "run it"]' in _printed(SERVICE)


@pytest.mark.parametrize(
    ("dockerfile", "context", "words"),
    [
        ("a/Dockerfile", "a", "a/Dockerfile with context a"),
        ("Dockerfile", None, "Dockerfile"),
        (None, ".", "no Dockerfile with context ."),
    ],
)
def test_a_folder_that_cannot_be_used_is_not_named(dockerfile: str | None, context: str | None, words: str) -> None:
    """An error says why there is none."""
    build = Build(kind=BuildKind.DOCKERFILE, runtime="docker", dockerfile=dockerfile, context=context)
    assert f"builds    {words}\n" in _printed(replace(SERVICE, build=build))


def test_a_long_line_for_a_shell_is_printed_once() -> None:
    """argv then says only how it is handed over; --verbose prints every word."""
    line = "python -m server " + "--option " * 20
    service = _command("/bin/sh", "-c", line, text=line)
    assert 'argv      ["/bin/sh", "-c", and all the rest as one argument]' in _printed(service)
    assert _printed(service).count("--option") == 20
    assert _printed(service, verbose=True).count("--option") == 40


def test_long_words_without_a_shell_are_printed_once() -> None:
    """Where the words of argv are those of the line, argv adds nothing."""
    words = ["server", *["--option"] * 20]
    assert "argv" not in _printed(_command(*words, text=" ".join(words)))


def test_a_long_argv_that_differs_from_the_line_is_printed() -> None:
    """What a platform makes of a line is the point of showing argv."""
    words = ("server", *["--port=10000"] * 12)
    assert "--port=10000" in _printed(_command(*words, text="server " + "--port=$PORT " * 12))


def test_the_user_s_variables_come_first_and_the_platform_s_are_counted() -> None:
    """Names that the user knows, then how many there are besides."""
    service = replace(SERVICE, env=(*_variables(2), *_variables(3, EnvKind.PLATFORM)))
    assert "env       LITERAL_0, LITERAL_1; 3 from the platform" in _printed(service)


def test_of_very_many_variables_the_first_are_named() -> None:
    """Thirty names are a wall; --verbose names them all."""
    service = replace(SERVICE, env=_variables(30))
    assert "and 18 more (--verbose" in _printed(service)
    assert "LITERAL_29" not in _printed(service)
    assert "LITERAL_29" in _printed(service, verbose=True)


def test_a_datastore_runs_nothing_and_that_is_no_alarm() -> None:
    """One line says what it is."""
    build = Build(kind=BuildKind.IMAGE, runtime="valkey")
    store = Datastore(engine="valkey", version="8", host="red-1", connection_string="redis://{host}:{port}")
    printed = _printed(replace(SERVICE, type=ServiceType.DATASTORE, build=build, command=None, datastore=store))
    assert "is        valkey 8 at red-1" in printed
    assert "nothing" not in printed.split("1 service")[0]


def test_a_datastore_says_what_services_are_told_of_it() -> None:
    """All but its password, for which a token stands."""
    build = Build(kind=BuildKind.IMAGE, runtime="postgres")
    store = Datastore(
        engine="postgres", version="18", host="db-1", user="ada", database="shop", persistent=False,
        connection_string="postgresql://{user}:{password}@{host}:{port}/{database}",
    )  # fmt: skip
    port = Port(number=5432, source="default")
    one = replace(SERVICE, type=ServiceType.DATASTORE, build=build, command=None, datastore=store, port=port)
    printed = _printed(one)
    assert "url       postgresql://ada:‹password›@db-1:5432/shop" in printed
    assert "keeps     nothing between runs" in printed


def test_a_service_s_name_cannot_steer_the_terminal() -> None:
    """Control characters in a name are shown."""
    assert "we\\x1b[2Jb⏎c  web" in _printed(replace(SERVICE, name="we\x1b[2Jb\nc"))


def _disagreeing() -> Plan:
    """A command that beat another, and the warning about it."""
    place = Origin(file="Procfile", line=3)
    loser = Shadowed(text="other", source="procfile", origin=place, because="it comes last")
    other = Alternative(when="elsewhere", text="other", source="procfile", argv=("other",))
    service = replace(SERVICE, command=replace(SHELL, shadowed=(loser,), alternative=other))
    related = (Related(origin=place, message="not used: it comes last"),)
    warned = warning("config/commands-disagree", "runs this; elsewhere, `other`", service="web", related=related)
    return replace(PLAN, services=(service,), diagnostics=(warned,))


def test_a_shadowed_command_is_shown_once_with_its_reason() -> None:
    """The warning does not repeat the place and the reason that the row beside the winner gives."""
    printed = plan_text(_disagreeing(), Style(width=80), lambda _: None)
    assert "not used  other  [Procfile:3]: it comes last" in printed
    assert printed.count("Procfile:3") == printed.count("it comes last") == 1
    assert "otherwise" not in printed


def test_what_would_run_otherwise_is_said_where_no_warning_says_it() -> None:
    """The row stands in for a warning that is suppressed or was never given."""
    quietened = replace(_disagreeing(), diagnostics=())
    assert "otherwise elsewhere: other (procfile)" in plan_text(quietened, Style(width=80), lambda _: None)


def test_the_line_break_that_ends_a_yaml_block_is_not_shown() -> None:
    """`startCommand: >` ends in one; it says nothing. A break between two lines stays visible."""
    printed = _printed(_command("/bin/sh", "-c", "one\ntwo\n", text="one\ntwo\n"))
    assert "runs      one⏎two\n" in printed


def test_what_stands_before_a_service_is_told_on_demand() -> None:
    """--verbose names what its router adds to requests and answers, and how long an answer may take."""
    router = Router(request_headers=tuple(Header(name=name, value="1") for name in "ab"), request_timeout_s=300)
    service = replace(SERVICE, router=router)
    assert "router" not in _printed(service)
    assert "router    requests get a, b; answers get nothing; 300 s at most\n" in _printed(service, verbose=True)
    endless = replace(SERVICE, router=Router(response_headers=router.request_headers))
    assert "router    requests get nothing; answers get a, b\n" in _printed(endless, verbose=True)


def test_work_that_ends() -> None:
    """A pre-deploy command, a schedule and a job's tasks have a line each; one that is not run says so."""
    before = replace(SERVICE, pre_deploy_command="./migrate", pre_deploy_argv=("./migrate",))
    assert "  before    ./migrate\n" in _printed(before)
    assert "  before    ./migrate  (not run)\n" in _printed(replace(before, pre_deploy_argv=None))
    assert "  schedule  0 3 * * * (UTC)\n" in _printed(replace(SERVICE, schedule="0 3 * * *"))
    tasks = Tasks(count=3, parallelism=None, max_retries=1, timeout_s=600)
    assert "  tasks     3, all at once, 1 retry, 600 s each\n" in _printed(replace(SERVICE, tasks=tasks))
    tasks = replace(tasks, parallelism=2, max_retries=0)
    assert "  tasks     3, 2 at once, 0 retries, 600 s each\n" in _printed(replace(SERVICE, tasks=tasks))


def test_a_value_that_something_else_overrules_is_shown_with_its_place() -> None:
    """What lost, where it is written, and why."""
    place = Origin(file="app.yaml", line=3, column=9, end_column=10)
    lost = Rejected(answer="20", because="the flag comes first", origin=place)
    nothing = Rejected(answer="other.yaml", because="no version is set", origin=Origin(file="other.yaml"))
    decision = Decision(id="web.node", question="Which Node?", answer="22", because="x", rejected=(lost, nothing))
    printed = _printed(replace(SERVICE, decisions=(decision,)))
    assert "  overruled 20  [app.yaml:3]: the flag comes first (Which Node? 22)\n" in printed
    assert "other.yaml" not in printed


def test_quiet_is_a_line_for_each_service_and_the_errors() -> None:
    """Nothing else; a warning is not told."""
    plan = replace(PLAN, services=(SERVICE, replace(SERVICE, name="api")), diagnostics=(warning("a/b", "unheard"),))
    assert plan_text(plan, Style(width=80), lambda _: None, quiet=True) == "web  web  run it\napi  web  run it\n"


def test_of_many_services_a_check_tells_those_in_full_of_which_something_is_found() -> None:
    """The others have a line each, above; the plan tells all, and so does --verbose."""
    services = tuple(replace(SERVICE, name=f"s{n}") for n in range(30))
    plan = replace(PLAN, services=services, diagnostics=(warning("a/b", "heard", service="s7"),))
    checked = plan_text(plan, Style(width=80), lambda _: None, checked=True)
    assert "s6  web  run it\ns8  web  run it\n" in checked
    assert checked.count("  runs ") == 1
    assert checked.index("s29  web  run it") < checked.index("s7  web\n  runs ") < checked.index("warning[a/b]")
    assert plan_text(plan, Style(width=80), lambda _: None).count("  runs ") == 30
    assert plan_text(plan, Style(width=80), lambda _: None, checked=True, verbose=True).count("  runs ") == 30


def test_every_decision_is_told_with_its_rule_source_and_date_on_demand() -> None:
    """--verbose: the rule's id, where it is written down, how sure that is, and since when."""
    rule = Rule(
        id="somewhere/port", statement="It is 80.", source="https://somewhere/docs", checked="2026-01-02",
        evidence=Evidence.DOCUMENTED, fidelity=Fidelity.EXACT,
    )  # fmt: skip
    decision = Decision(id="web.port", question="Which port?", answer="80", because="it is so", rule=rule.id)
    plan = replace(PLAN, services=(replace(SERVICE, decisions=(decision,)),))
    printed = plan_text(plan, Style(width=80), lambda _: None, rules={rule.id: rule}, verbose=True)
    assert "? Which port? → 80\n      because  it is so\n      rule     somewhere/port\n" in printed
    assert "source   https://somewhere/docs  (documented, checked 2026-01-02; exact)" in printed


def test_a_command_of_thousands_of_characters_does_not_fill_the_screen() -> None:
    """Its beginning and its end; --verbose shows all of it."""
    service = _command("x" * 5000, text="x" * 5000)
    assert len(_printed(service)) < 2500
    assert len(_printed(service, verbose=True)) > 10_000


def test_a_variable_of_the_files_that_the_command_line_overrules() -> None:
    """Where it is set, and that it counts no more."""
    place = Origin(file="app.yaml", line=4)
    var = EnvVar(name="MODE", value="slow", kind=EnvKind.FLAG, origin=place)
    printed = _printed(replace(SERVICE, env=(var, replace(var, name="OTHER", origin=None))))
    assert "  overruled MODE  [app.yaml:4]: the command line gives another value\n" in printed
    assert printed.count("overruled") == 1
