"""Rules about the address and the port a server listens on: decided where the command line decides them."""

from collections.abc import Iterator
from types import ModuleType

from emulator.model.diagnostic import Diagnostic, Related, Severity
from emulator.model.lifecycle import Probe
from emulator.model.plan import EnvKind

from .command import Started, base_name
from .rule import CheckRule, Sample
from .servers import HOST_OPTIONS, Binding, bindings, is_server
from .subject import Subject

_KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: shop
spec:
  template:
    spec:
      containers:
        - image: shop
          ports:
            - containerPort: 8080
"""
_FROM = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
_APP = {"app.py": "app = None\n", "requirements.txt": "gunicorn\nuvicorn\n"}

PORT_LITERAL = CheckRule(
    code="start/port-literal",
    severity=Severity.ERROR,
    statement="A command in exec form hands `$PORT` to the program as these five letters.",
    why=(
        "Only a shell replaces variables, and the exec form starts none. Servers refuse such a port when they start "
        "(gunicorn: \"'$PORT' is not a valid port number\"), so that every deploy ends before anything listens."
    ),
    wrong=Sample(
        files=_APP | {"Dockerfile": _FROM + 'CMD ["gunicorn", "--bind", "0.0.0.0:$PORT", "app:app"]\n'},
        file="Dockerfile", line=5,
    ),
    right=Sample(files=_APP | {"Dockerfile": _FROM + "CMD exec gunicorn --bind 0.0.0.0:$PORT app:app\n"}),
    replaces=("not-expanded",),
)  # fmt: skip

LOOPBACK_BIND = CheckRule(
    code="start/loopback-bind",
    severity=Severity.ERROR,
    statement="The server listens on the container's own loopback address alone.",
    why=(
        "The platform looks for the port from outside the container, where 127.0.0.1 is somebody else. Some servers "
        "listen there unless told otherwise (uvicorn, hypercorn, daphne, flask run, runserver). The app says that it "
        "listens, the platform says that nothing does, and both are right."
    ),
    wrong=Sample(
        files=_APP | {"Dockerfile": _FROM + "CMD exec uvicorn app:app --port $PORT\n"}, file="Dockerfile", line=5
    ),
    right=Sample(files=_APP | {"Dockerfile": _FROM + "CMD exec uvicorn app:app --host 0.0.0.0 --port $PORT\n"}),
)

PORT_HARD_CODED = CheckRule(
    code="start/port-hard-coded",
    severity=Severity.ERROR,
    statement="The server listens on a port that the platform does not look at.",
    why=(
        "A platform that scans for open ports finds any but its own reserved ones. One that asks a single port never "
        "finds another: the deploy fails, although the server runs and says so."
    ),
    wrong=Sample(
        files=_APP | {
            "Dockerfile": _FROM + 'CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "3000"]\n',
            "service.yaml": _KNATIVE,
        },
        file="Dockerfile", line=5,
    ),
    right=Sample(
        files=_APP | {
            "Dockerfile": _FROM + "CMD exec uvicorn app:app --host 0.0.0.0 --port $PORT\n", "service.yaml": _KNATIVE,
        }
    ),
)  # fmt: skip

PORT_SET_IN_VAIN = CheckRule(
    code="start/port-set-in-vain",
    severity=Severity.WARNING,
    statement="PORT is set to one number, and the server listens on another.",
    why=(
        "A platform that scans for open ports may find the server all the same, and prefers the one that PORT names; "
        "what else goes by PORT, as addresses that other services are given, leads nowhere. Where the "
        "platform tells gunicorn an address by GUNICORN_CMD_ARGS, no PORT changes it; one in the command wins over it."
    ),
    needs_platform_file=True,
)

RULES = (PORT_LITERAL, LOOPBACK_BIND, PORT_HARD_CODED, PORT_SET_IN_VAIN)


def _mending() -> ModuleType:
    """The fixes, loaded for a finding alone."""
    from . import mending

    return mending


# ---- start/port-literal --------------------------------------------------------------------------------


def port_literal(subject: Subject) -> Iterator[Diagnostic]:
    """Certain where the program is a server whose options are known; else a warning, and only of an interpreter's
    script: some programs replace variables by themselves."""
    run = subject.commanded
    word = next((arg.text for arg in run.args if arg.known and _ends_in_port(arg.text)), None) if run else None
    if run is None or word is None:
        return
    if is_server(run):
        severity, then = Severity.ERROR, f"{run.program} refuses it as a port number"
    elif run.program in ("python", "node", "ruby") and run.script is not None:
        severity, then = Severity.WARNING, f"{base_name(run.script)} must replace it by itself"
    else:
        return
    why = "no shell replaces $PORT" if run.shell is None else "the quotes keep the shell from replacing $PORT"
    yield subject.finding(
        PORT_LITERAL.code, severity, f"{word!r} reaches {run.program} as it is written: {why}", facts=(then,),
        help=_in_a_shell(run) if run.shell is None else "write it in double quotes, or without any",
        fix=_mending().through_a_shell(subject, run) if severity is Severity.ERROR and run.shell is None else None,
    )  # fmt: skip


def _ends_in_port(word: str) -> bool:
    """Whether a word is a port or an address that ends in one, alone or behind its option; not `NAME=$PORT`."""
    head = word.removesuffix("${PORT}").removesuffix("$PORT")
    return head != word and (not head or head.endswith(":") or head.startswith("-"))


def _in_a_shell(run: Started) -> str:
    from shlex import quote

    words = [arg.text if "$" in arg.text else quote(arg.text) for arg in run.args]
    program = f"{run.program} {quote(run.script)}" if run.script and run.program != "django" else run.program
    line = " ".join(["exec", program, *words])
    return f"start a shell that gives way to it: {line}" if len(line) < 200 else "start a shell: exec … $PORT"


# ---- start/loopback-bind -------------------------------------------------------------------------------


def loopback_bind(subject: Subject) -> Iterator[Diagnostic]:
    found = _loopback(subject)
    run = subject.started
    if found is None or run is None:
        return
    host = found.host or ""
    if found.host_given:
        message = f"{run.program} listens on {host} alone, which nobody outside the container reaches"
    else:
        message = f"{run.program} listens on {host} unless told otherwise, which nobody outside the container reaches"
    yield subject.finding(
        LOOPBACK_BIND.code, Severity.ERROR, message, facts=(*how_it_looks(subject), *_port_fact(subject, found)),
        help=_open_host(run, found), fix=_mending().open_address(subject, run, found), **subject.rule_of_port,
    )  # fmt: skip


def _loopback(subject: Subject) -> Binding | None:
    """The loopback address that is all the server listens on; None when it is not certain."""
    found = _all_bindings(subject)
    if not found or not all(one.is_loopback for one in found):
        return None
    if not found[0].host_given and not _defaults_hold(subject):
        return None
    return found[0]


def _all_bindings(subject: Subject) -> tuple[Binding, ...]:
    """Where the container's only server listens; () when that is not certain."""
    run = subject.started
    if run is None or not run.alone or not subject.is_looked_for:
        return ()
    return bindings(run, subject.environ) or ()


def _defaults_hold(subject: Subject) -> bool:
    """Whether nothing beside the command line can change a server's default."""
    run = subject.started
    if run is None or not run.closed or not subject.has_known_base:
        return False
    if run.program == "flask":
        return not _has_file(subject, ".env", ".flaskenv")
    if run.program == "django":
        return _manage_is_plain(subject)
    return True


def _has_file(subject: Subject, *names: str) -> bool:
    """Whether the build context or a folder right in it has one of these files."""
    context = subject.container.build.context or subject.container.build.root
    folders = [context, *(f"{context}/{name}" for name in subject.repo.entries(context))]
    return any(subject.repo.is_file(f"{folder}/{name}") for folder in folders for name in names)


def _manage_is_plain(subject: Subject) -> bool:
    """Whether manage.py is there to read, and sets no address of its own."""
    from emulator.snapshot import Unreadable

    run = subject.started
    context = subject.container.build.context or subject.container.build.root
    path = f"{context}/{base_name(run.script)}" if run is not None and run.script else ""
    if not path or not subject.repo.is_file(path):
        return False
    try:
        text = subject.repo.text(path)
    except Unreadable:
        return False
    return not any(word in text for word in ("default_addr", "default_port", "runserver", "sys.argv.", "sys.argv["))


def how_it_looks(subject: Subject) -> Iterator[str]:
    """How this platform looks for the port, and for how long."""
    scan, startup = subject.service.lifecycle.port_scan, subject.container.probes.startup
    if scan is not None:
        yield f"the platform looks for an open port from outside, for {scan.deadline_s:g} s, then gives the deploy up"
    elif startup is not None:
        yield f"the startup probe, {startup.kind} on port {startup.port}, comes from outside and never succeeds"


def _port_fact(subject: Subject, found: Binding) -> Iterator[str]:
    """The other half of the matter, where the port is wrong as well."""
    wanted = wanted_port(subject)
    if wanted is not None and found.port is not None and found.port != wanted:
        yield f"and its port is {found.port}, where {wanted} is looked at"


def _open_host(run: Started, found: Binding) -> str:
    port = "$PORT" if found.port is None or not found.port_given else str(found.port)
    return f"let it listen on every address: {HOST_OPTIONS[run.program].every_address(port)}"


# ---- start/port-hard-coded -----------------------------------------------------------------------------


def port_hard_coded(subject: Subject) -> Iterator[Diagnostic]:
    found = _all_bindings(subject)
    run = subject.started
    if run is None or len(found) != 1 or found[0].port is None or _loopback(subject) is not None:
        return
    if subject.is_chosen_by_platform:
        return  # which told it when it chose
    port, given = found[0].port, found[0].port_given
    if not given and not _defaults_hold(subject):
        return
    says = f"{run.program} listens on port {port}" + ("" if given else " unless told otherwise")
    scan = subject.service.lifecycle.port_scan
    if scan is not None and port in scan.reserved:
        yield subject.finding(
            PORT_HARD_CODED.code, Severity.ERROR, f"{says}, which is one of the platform's own",
            help="take another port",
        )  # fmt: skip
    wanted = wanted_port(subject)
    if wanted is not None and port != wanted:
        yield subject.finding(
            PORT_HARD_CODED.code, Severity.ERROR, f"{says}; the platform asks port {wanted} and no other",
            facts=tuple(_probe_fact(subject.container.probes.startup, wanted)), help=_from_variable(subject),
            fix=_mending().port_from_variable(subject, port) if given else None, **subject.rule_of_port,
        )  # fmt: skip


# ---- start/port-set-in-vain ----------------------------------------------------------------------------


def port_set_in_vain(subject: Subject) -> Iterator[Diagnostic]:
    """Where a platform asks one port alone, that it is another one is an error, and told as such."""
    found, run = _all_bindings(subject), subject.started
    scan = subject.service.lifecycle.port_scan
    if run is None or scan is None or len(found) != 1 or not subject.container.ingress:
        return
    [one] = found
    is_sure = one.port is not None and (one.port_given or _defaults_hold(subject))
    if not is_sure or one.is_loopback or one.port in scan.reserved:
        return
    variable = next((v for v in subject.container.env if v.name == "PORT" and v.kind is not EnvKind.PLATFORM), None)
    if variable is None or not (variable.value or "").isdecimal() or int(variable.value or 0) == one.port:
        return
    at = (Related(origin=variable.origin, message="PORT is set here"),) if variable.origin is not None else ()
    yield subject.finding(
        PORT_SET_IN_VAIN.code, Severity.WARNING,
        f"PORT is set to {variable.value}, and {run.program} listens on port {one.port}", related=at,
        facts=tuple(_told_by(subject, one)), help=_heed_port(run, one),
        fix=_mending().port_from_variable(subject, one.port) if one.port_given and not one.told_by else None,
    )  # fmt: skip


def _told_by(subject: Subject, found: Binding) -> Iterator[str]:
    if found.told_by is not None:
        own = any(one.name == found.told_by and one.kind is EnvKind.PLATFORM for one in subject.container.env)
        yield f"{found.told_by} says so" + (", a variable of the platform's own" if own else "")


def _heed_port(run: Started, found: Binding) -> str:
    if found.told_by is None:
        return f"take the port from PORT; or set PORT to {found.port}"
    option = HOST_OPTIONS[run.program].every_address("$PORT")
    return f"name it in the command, which wins over {found.told_by}: {option}"


def wanted_port(subject: Subject) -> int | None:
    """The one port a platform without a scan asks; None where it may be any."""
    if subject.service.lifecycle.port_scan is not None:
        return None
    if subject.container.ingress:
        return subject.container.port.number if subject.container.port else None
    startup = subject.container.probes.startup
    return startup.port if startup else None


def _probe_fact(startup: Probe | None, wanted: int) -> Iterator[str]:
    if startup is not None and startup.port == wanted:
        yield f"the startup probe is {startup.kind} on port {wanted}"


def _from_variable(subject: Subject) -> str:
    if "PORT" not in subject.environ:
        return "take the port from the platform"
    run = subject.started
    if run is not None and run.first_process is None:
        return "take the port from PORT, which needs the shell form (CMD exec … $PORT); or set the service's port to it"
    return "take the port from PORT: write $PORT in its place; or set the service's port to it"
