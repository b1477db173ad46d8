"""Where well-known servers listen, by their command lines, and which application they are given.

Options and defaults are those of each program's own documentation (read 2026-11-25): uvicorn settings, gunicorn
settings (bind), hypercorn configuration, daphne --help, flask run --help, django-admin runserver, streamlit
configuration, `python -m http.server`, php -S, rails server, next, vite.
"""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from emulator.model.record import Record, replace

from .arguments import Options, read_options
from .command import Argument, Started
from .shell import words


class Binding(Record, frozen=True):
    """An address somebody listens on. host, port: None where not known, "" for all addresses. host_given, port_given:
    whether the command line says so; otherwise it is the program's own default. told_by: the variable that says so in
    the command line's place."""

    host: str | None
    port: int | None
    host_given: bool = True
    port_given: bool = True
    told_by: str | None = None

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host or "")


def is_loopback(host: str) -> bool:
    plain = host.strip("[]")
    return plain == "localhost" or plain.startswith("127.") or plain == "::1"


class Target(Record, frozen=True):
    """The application a server is given: `module:attribute`. is_factory: it is called to get the application."""

    module: str
    attribute: str | None
    is_factory: bool = False


Interface = Literal["WSGI", "ASGI"]
"""How a Python server and its application speak to each other (PEP 3333; asgi.readthedocs.io)."""

Environ = Mapping[str, str | None]
_Reader = Callable[[Started, Environ], tuple[Binding, ...] | None]


def bindings(run: Started, environ: Environ) -> tuple[Binding, ...] | None:
    """Where the program listens; None when it is not known: another program, or something decides that is not
    seen here. environ: every variable it sees that is known of, None for a value that is not."""
    reader = _READERS.get(run.program)
    if reader is None and run.program == "python" and run.module == "http.server":
        reader = _http_server
    if reader is None or not run.complete:
        return None
    return reader(run, {**environ, **run.variables})


def is_server(run: Started) -> bool:
    """Whether it is a program whose arguments are known here."""
    return run.program in _READERS or run.module == "http.server"


def target(run: Started, environ: Environ) -> Target | None:
    """The application that a Python server is given; None when there is none, or it cannot be told."""
    switches = _SWITCHES.get(run.program)
    if switches is None:
        return None
    options = read_options(run.args, switches)
    if run.program in ("gunicorn", "uvicorn", "hypercorn", "daphne", "granian", "waitress-serve"):
        word = options.rest[0] if options.rest else None
    elif run.program in ("flask", "celery"):
        word = options.last("--app", "-A")
        if word is None and run.program == "flask":
            named = {**environ, **run.variables}.get("FLASK_APP")
            word = Argument(named) if named else None
    else:
        return None
    if word is not None and run.program in ("flask", "hypercorn"):  # they also take a file: app.py, app.py:create_app
        head, colon, rest = word.text.partition(":")
        word = replace(word, text=f"{head.removesuffix('.py')}{colon}{rest}")
    return _target(word, is_factory=bool(options.switches & {"--factory", "--call"}))


def interface(run: Started, environ: Environ) -> Interface | None:
    """How a Python server calls its application, as far as its command line and variables tell; None when they do not.
    gunicorn's configuration file may say otherwise."""
    environ = {**environ, **run.variables}
    options = read_options(run.args, _SWITCHES.get(run.program, frozenset()))
    match run.program:
        case "daphne":
            return "ASGI"
        case "waitress-serve":
            return "WSGI"
        case "uvicorn":
            given = options.last("--interface") or _variable(environ, "UVICORN_INTERFACE")
            if given is not None and not given.known:
                return None
            return "WSGI" if given is not None and given.text == "wsgi" else "ASGI"
        case "gunicorn":
            return _of_worker(options.last("-k", "--worker-class") or _worker_of_environ(environ))
    return None


def _worker_of_environ(environ: Environ) -> Argument | None:
    text = environ.get("GUNICORN_CMD_ARGS", "")
    if text is None:
        return Argument("", known=False)
    args = tuple(Argument(word) for word in text.split())
    return read_options(args, _SWITCHES["gunicorn"]).last("-k", "--worker-class")


def _of_worker(worker: Argument | None) -> Interface | None:
    """docs.gunicorn.org, worker_class; docs of uvicorn, "Deployment"."""
    if worker is None or worker.text in ("sync", "gthread", "gevent", "eventlet"):
        return "WSGI"
    is_asgi = worker.text == "asgi" or worker.text.endswith((".UvicornWorker", ".UvicornH11Worker"))
    return "ASGI" if worker.known and is_asgi else None


def _target(word: Argument | None, *, is_factory: bool) -> Target | None:
    if word is None or not word.known or not word.text or "/" in word.text:
        return None
    module, colon, attribute = word.text.partition(":")
    called = attribute.endswith(")")
    name = attribute.partition("(")[0]
    if not all(part.isidentifier() for part in module.split(".")) or (colon and not name.isidentifier()):
        return None
    return Target(module, name or None, is_factory or called)


# ---- addresses -----------------------------------------------------------------------------------------


def _number(argument: Argument | None) -> int | None:
    text = argument.text if argument is not None and argument.known else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _address(argument: Argument, default_port: int | None = None) -> Binding | None:
    """ "HOST:PORT", "HOST" or ":PORT"; None for sockets, descriptors and what is not all known before the colon."""
    text = argument.text
    if text.startswith(("unix:", "fd:", "/")):
        return None
    text = text.removeprefix("tcp://").removeprefix("http://")
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, ""
    if not argument.known and ("$" in host or "‹" in host or "`" in host):
        return None
    number = _number(Argument(port)) if port else default_port
    return Binding(host, number, port_given=bool(port))


def _variable(environ: Environ, name: str) -> Argument | None:
    """A variable that stands in for an option; None where it is not set."""
    if name not in environ:
        return None
    value = environ[name]
    return Argument("", known=False) if value is None else Argument(value)


def _given(
    host: Argument | None, port: Argument | None, default_host: str | None, default_port: int | None
) -> tuple[Binding, ...] | None:
    """From a host and a port option; defaults of None are not known."""
    if host is not None and not host.known:
        return None
    number = _number(port) if port is not None else default_port
    text = host.text if host is not None else default_host
    if text is None and number is None:
        return None
    return (Binding(text, number, host_given=host is not None, port_given=port is not None),)


def _defaults(run: Started, host: str, port: int) -> tuple[str | None, int | None]:
    """A program's defaults, unless variables come from where we do not look."""
    return (host, port) if run.closed else (None, None)


# ---- each program --------------------------------------------------------------------------------------

_CLICK = {"--help", "--version"}
_SWITCHES: dict[str, frozenset[str]] = {
    "gunicorn": words(
    "--reload --preload --daemon -D --check-config --print-config --capture-output -R "
    "--enable-stdio-inheritance --no-sendfile --spew --proxy-protocol --log-syslog --reuse-port "
    "--suppress-ragged-eofs --initgroups -h --help --do-handshake-on-connect --no-control-socket "
    "--disable-redirect-access-to-syslog -v --version --permit-obsolete-folding "
    "--permit-unconventional-http-method --permit-unconventional-http-version --casefold-http-method "
    "--strip-header-spaces"
),
    "uvicorn": words(
    "--reload --use-colors --no-use-colors --access-log --no-access-log --proxy-headers "
    "--no-proxy-headers --factory --http2 --server-header --no-server-header --date-header --no-date-header "
    "--reset-contextvars"
) | _CLICK,
    "hypercorn": words("--debug --reload -D --daemon -h --help --version"),
    "daphne": words("--proxy-headers --no-server-name -h --help --version"),
    "flask": words(
        "--debug --no-debug --reload --no-reload --debugger --no-debugger --with-threads --without-threads "
        "--help --version"
    ),
    "celery": words(
        "-C --no-color -q --quiet --skip-checks -B --beat -E --task-events --events -D --detach --purge --discard "
        "--disable-prefetch --without-gossip --without-heartbeat --without-mingle --help --version"
    ),
    "granian": words(
        "--ws --no-ws --access-log --no-access-log --log --no-log --reload --no-reload --factory --no-factory "
        "--respawn-failed-workers --no-respawn-failed-workers --opt --no-opt --help --version --metrics --no-metrics"
    ),
    "waitress-serve": words(
        "--call --expose-tracebacks --no-expose-tracebacks --ipv4 --no-ipv4 --ipv6 --no-ipv6 --help "
        "--clear-untrusted-proxy-headers --no-clear-untrusted-proxy-headers --log-untrusted-proxy-headers "
        "--asyncore-use-poll --no-asyncore-use-poll"
    ),
}  # fmt: skip
_DJANGO = words(
    "--noreload --nothreading --ipv6 -6 --insecure --nostatic --noasgi --skip-checks --traceback "
    "--no-color --force-color --version -h --help"
)
_FASTAPI = words("--reload --no-reload --proxy-headers --no-proxy-headers") | _CLICK


def _options(run: Started) -> Options:
    return read_options(run.args, _SWITCHES[run.program])


def _gunicorn(run: Started, environ: Environ) -> tuple[Binding, ...] | None:
    """--bind, else GUNICORN_CMD_ARGS; the rest (a configuration file, PORT) is decided elsewhere."""
    options = _options(run)
    given = [*options.values.get("--bind", ()), *options.values.get("-b", ())]
    told_by = None
    if not given and (text := environ.get("GUNICORN_CMD_ARGS")):
        told_by = "GUNICORN_CMD_ARGS"
        from_variable = read_options(tuple(Argument(word) for word in text.split()), _SWITCHES["gunicorn"])
        given = [*from_variable.values.get("--bind", ()), *from_variable.values.get("-b", ())]
    if not given:
        return None
    # A bind of one number only is no address of a kind we know the end of.
    parts = [part for one in given for part in _comma_separated(one)]
    found = [_address(one, 8000) for one in parts]
    known = tuple(replace(one, told_by=told_by) for one in found if one is not None)
    return known if len(known) == len(found) else None


def _comma_separated(argument: Argument) -> list[Argument]:
    return [replace(argument, text=text.strip()) for text in argument.text.split(",")]


def _uvicorn(run: Started, environ: Environ) -> tuple[Binding, ...] | None:
    options = _options(run)
    if options.last("--uds", "--fd") is not None or {"UVICORN_UDS", "UVICORN_FD"} & set(environ):
        return None
    host = options.last("--host") or _variable(environ, "UVICORN_HOST")
    port = options.last("--port") or _variable(environ, "UVICORN_PORT")
    return _given(host, port, *_defaults(run, "127.0.0.1", 8000))


def _hypercorn(run: Started, environ: Environ) -> tuple[Binding, ...] | None:
    del environ
    options = _options(run)
    names = ("-b", "--bind", "--insecure-bind", "--quic-bind")
    given = [value for name in names for value in options.values.get(name, ())]
    if not given:
        has_file = options.last("-c", "--config") is not None
        return None if has_file else (Binding("127.0.0.1", 8000, host_given=False, port_given=False),)
    found = [_address(one, 8000) for one in given]
    return tuple(one for one in found if one is not None) if None not in found else None


def _daphne(run: Started, environ: Environ) -> tuple[Binding, ...] | None:
    del environ
    options = _options(run)
    if options.last("-u", "--unix-socket", "--fd", "-e", "--endpoint") is not None:
        return None
    return _given(options.last("-b", "--bind"), options.last("-p", "--port"), "127.0.0.1", 8000)


def _flask(run: Started, environ: Environ) -> tuple[Binding, ...] | None:
    options = _options(run)
    if not options.rest or options.rest[0].text != "run" or options.last("-e", "--env-file") is not None:
        return None
    host = options.last("--host", "-h") or _variable(environ, "FLASK_RUN_HOST")
    port = options.last("--port", "-p") or _variable(environ, "FLASK_RUN_PORT")
    return _given(host, port, *_defaults(run, "127.0.0.1", 5000))


def _django(run: Started, environ: Environ) -> tuple[Binding, ...] | None:
    """`runserver [ADDRESS:]PORT`."""
    del environ
    options = read_options(run.args, _DJANGO)
    if not options.rest or options.rest[0].text != "runserver":
        return None
    if len(options.rest) == 1:
        return (Binding("127.0.0.1", 8000, host_given=False, port_given=False),)
    address = options.rest[1]
    if ":" not in address.text:
        return (Binding("127.0.0.1", _number(address), host_given=False),) if address.known else None
    found = _address(address)
    if found is None:
        return None
    return (replace(found, host="0.0.0.0" if found.host == "0" else found.host),)  # noqa: S104 - what 0 means


def _fastapi(run: Started, environ: Environ) -> tuple[Binding, ...] | None:
    """Newer versions read PORT, and may read HOST, so the defaults hold only where these are not set."""
    options = read_options(run.args, _FASTAPI)
    if not options.rest or options.rest[0].text not in ("run", "dev"):
        return None
    default = "0.0.0.0" if options.rest[0].text == "run" else "127.0.0.1"  # noqa: S104 - what it says
    host = None if not run.closed or "HOST" in environ else default
    port = None if not run.closed or "PORT" in environ else 8000
    return _given(options.last("--host"), options.last("--port"), host, port)


def _streamlit(run: Started, environ: Environ) -> tuple[Binding, ...] | None:
    """The defaults may be changed by .streamlit/config.toml, so only what is given counts."""
    del environ
    options = read_options(run.args, frozenset())
    return _given(
        options.last("--server.address", "--browser.serverAddress") if options.last("--server.address") else None,
        options.last("--server.port"), None, None,
    )  # fmt: skip


def _http_server(run: Started, environ: Environ) -> tuple[Binding, ...] | None:
    del environ
    options = read_options(run.args, frozenset(("--cgi", "-h", "--help")))
    port = options.rest[0] if options.rest else None
    return _given(options.last("--bind", "-b"), port, "", 8000)


def _php(run: Started, environ: Environ) -> tuple[Binding, ...] | None:
    del environ
    given = read_options(run.args, frozenset()).last("-S")
    found = _address(given) if given is not None else None
    return (found,) if found is not None else None


def _plain(host: tuple[str, ...], port: tuple[str, ...], switches: str, needs: tuple[str, ...] = ()) -> _Reader:
    """A program of which only what is given counts; `needs`: its subcommands that listen."""
    known = frozenset(switches.split())

    def read(run: Started, environ: Environ) -> tuple[Binding, ...] | None:
        del environ
        options = read_options(run.args, known)
        if needs and not (options.rest and options.rest[0].text in needs):
            return None
        return _given(options.last(*host), options.last(*port), None, None)

    return read


_READERS: dict[str, _Reader] = {
    "gunicorn": _gunicorn,
    "uvicorn": _uvicorn,
    "hypercorn": _hypercorn,
    "daphne": _daphne,
    "flask": _flask,
    "django": _django,
    "fastapi": _fastapi,
    "streamlit": _streamlit,
    "php": _php,
    "rails": _plain(("-b", "--binding"), ("-p", "--port"), "-d --daemon", ("server", "s")),
    "next": _plain(("-H", "--hostname"), ("-p", "--port"), "--turbo --turbopack", ("start", "dev")),
    "vite": _plain(("--none",), ("--port",), "--host --open --strictPort --cors --force", ("preview", "dev")),
    "waitress-serve": _plain(("--host",), ("--port",), "--call --expose-tracebacks --no-expose-tracebacks"),
    "granian": _plain(("--host",), ("--port",), "--reload --access-log --no-access-log --ws --no-ws --factory"),
}


class HostOption(NamedTuple):
    """How a program is told the address it listens on."""

    name: str
    """The option, or the word before an address without one."""
    behind: str | None = None
    """The word of the command line behind which it has to stand; None: the program's own name."""
    with_port: bool = False
    """Whether its value is HOST:PORT."""

    def every_address(self, port: str) -> str:
        """The option with every address."""
        return f"{self.name} 0.0.0.0:{port}" if self.with_port else f"{self.name} 0.0.0.0"


HOST_OPTIONS = {
    "gunicorn": HostOption("--bind", with_port=True),
    "uvicorn": HostOption("--host"),
    "hypercorn": HostOption("--bind", with_port=True),
    "daphne": HostOption("-b"),
    "flask": HostOption("--host", "run"),
    "django": HostOption("runserver", with_port=True),
    "fastapi": HostOption("--host", "run"),
    "streamlit": HostOption("--server.address", "run"),
    "php": HostOption("-S", with_port=True),
    "rails": HostOption("-b", "server"),
    "next": HostOption("-H", "start"),
    "vite": HostOption("--host", "preview"),
    "waitress-serve": HostOption("--host"),
    "granian": HostOption("--host"),
    "python": HostOption("--bind", "http.server"),
}
"""By program, for each whose address is read above."""
