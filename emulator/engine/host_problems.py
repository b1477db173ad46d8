"""What an engine or its command line says when this machine is at fault → a diagnostic in plain words."""

import re
from collections import defaultdict

from emulator.model.diagnostic import Diagnostic, Fault, HostError, error
from emulator.model.record import Record


class _Problem(Record, frozen=True, kw_only=True):
    """One row: what the text holds, its code, our words. `{name}` takes the pattern's group, `{endpoint}` the engine's
    address."""

    pattern: str
    code: str
    message: str
    help: str
    fault: Fault = Fault.HOST


_PROBLEMS = (
    _Problem(
        pattern=r"[Nn]o command specified",
        code="image/no-command",
        message="there is nothing to run: neither the image nor the service names a command",
        help="give the image a CMD or ENTRYPOINT, or the service a command",
        fault=Fault.APP,
    ),
    _Problem(
        pattern=r"working directory '?(?P<path>[^']*)'? is invalid|lstat \S+/merged(?P<place>/\S+): not a directory",
        code="image/workdir",
        message="the working directory {path}{place} cannot be entered",
        help="correct WORKDIR: it must be an absolute path and no file",
        fault=Fault.APP,
    ),
    _Problem(
        pattern=r"invalid environment variable: (?P<entry>[^\s=]*)",
        code="image/environment",
        message="a variable's name is not valid: {entry!r}",
        help="give it a name without `=`",
        fault=Fault.APP,
    ),
    _Problem(
        pattern=r"invalid signal: (?P<signal>\S+)",
        code="image/stop-signal",
        message="there is no signal {signal}",
        help="correct STOPSIGNAL",
        fault=Fault.APP,
    ),
    _Problem(
        pattern=r"Install paramiko",
        code="host/ssh-endpoint",
        message="an engine behind ssh:// cannot be used directly",
        help="forward its socket: `ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST`, then set "
        "DOCKER_HOST=unix:///tmp/docker.sock",
    ),
    _Problem(
        pattern=r"[Nn]o space left on device|[Dd]isk quota exceeded|ENOSPC",
        code="host/disk-full",
        message="the engine's disk is full",
        help="free some space, for example with `docker builder prune` (it removes the build cache), and try again",
    ),
    _Problem(
        pattern=r"permission denied.*(?:docker\.sock|[Dd]ocker daemon)"
        r"|(?:docker\.sock|[Dd]ocker daemon).*permission denied|PermissionError",
        code="host/engine-permission",
        message="this user may not talk to the engine at {endpoint}",
        help="add yourself to the group that owns the socket (`sudo usermod -aG docker $USER`), then log in again",
    ),
    _Problem(
        pattern=r"Cannot connect to the Docker daemon|Is the docker daemon running|error during connect"
        r"|dial unix .*(?:no such file|connection refused)|FileNotFoundError|ConnectionRefusedError"
        r"|NewConnectionError|NameResolutionError|Invalid bind address|InvalidSchema",
        code="host/no-engine",
        message="no engine answers at {endpoint}",
        help="start Docker (Docker Desktop, or `sudo systemctl start docker`); `emu doctor` tells more",
    ),
    _Problem(
        pattern=r"(?:Bind for |listen tcp4? |bind )(?P<address>[\d.:]+):(?P<port>\d+)(?: failed)?.*"
        r"(?:already allocated|already in use)|(?:port is already allocated|address already in use)",
        code="host/port-taken",
        message="port {port} of this machine is taken",
        help="end what uses it, or choose another port",
    ),
    _Problem(
        pattern=r"does not match the specified platform: wanted (?P<wanted>\S+), actual: (?P<actual>[^\s\"']+)",
        code="host/platform-mismatch",
        message="the image at hand is made for {actual}, the platform runs {wanted}",
        help="pull or build it for {wanted}",
    ),
    _Problem(
        pattern=r"toomanyrequests|rate limit",
        code="host/registry-rate-limit",
        message="the registry refuses further pulls for now: its rate limit is reached",
        help="sign in with `docker login`, or wait",
    ),
    _Problem(
        pattern=r"No such image: (?P<image>\S+)|No such image",
        code="host/image-missing",
        message="the engine has no image {image}",
        help="build or pull it first",
    ),
    _Problem(
        pattern=r"[Tt]he container name \"?/?(?P<name>[^\"\s]+)\"? is already in use",
        code="host/name-taken",
        message="the engine already has a container named {name}",
        help="`emu down` removes what an earlier run left; another program's container has to be renamed or removed",
    ),
    _Problem(
        pattern=r"could not find an available.*address pool|all predefined address pools have been fully subnetted",
        code="host/networks-exhausted",
        message="the engine has no addresses left for another network",
        help="remove networks that are not used any more, for example with `docker network prune`",
    ),
    _Problem(
        pattern=r"failed to create endpoint \S+ on network|could not find bridge|to bridge \S+ failed"
        r"|network bridge not found|failed to add the host \(veth|iptables failed:|[Ff]ailed to [Ss]etup IP tables"
        r"|failed to set ?up container networking|failed to create (?:new )?network namespace",
        code="host/engine-network",
        message="the engine cannot give a container its network",
        help="restart the engine (`sudo systemctl restart docker`), which makes its bridge and its rules anew",
    ),
    _Problem(
        pattern=r"[Mm]inimum memory limit allowed is (?P<least>\w+)",
        code="host/memory-too-small",
        message="the engine refuses a memory limit below {least}",
        help="choose a larger limit",
    ),
    _Problem(
        pattern=r"client version (?P<client>[\d.]+) is too (?:new|old)|Maximum supported API version|is too old",
        code="host/engine-version",
        message="the engine speaks another version of the API",
        help="update Docker; `emu doctor` tells which version is needed",
    ),
    _Problem(
        pattern=r"RemoteDisconnected|ConnectionResetError|Connection aborted|BrokenPipe|IncompleteRead|unexpected EOF"
        r"|error reading from server: EOF|transport is closing|server misbehaving: EOF|closing transport|Broken pipe"
        r"|rpc error: code = Unavailable|Read timed out|ReadTimeout",
        code="host/engine-lost",
        message="the engine at {endpoint} was lost on the way",
        help="see whether it still runs (`docker info`), then try again",
    ),
)


def host_problem(text: str, *, endpoint: str = "", during: str = "") -> Diagnostic:
    """The diagnostic for what an engine said. `during` is what was asked of it, as a fact: "starting web"."""
    known = known_host_problem(text, endpoint=endpoint, during=during)
    return known or error(
        "host/engine",
        f"the engine cannot do it: {_short(text)}",
        fault=Fault.HOST,
        facts=(f"while {during}",) if during else (),
        help="`emu doctor` checks the engine; if it finds nothing, the engine's own log tells more",
    )


def known_host_problem(text: str, *, endpoint: str = "", during: str = "") -> Diagnostic | None:
    """The same, None for words not in the table."""
    for problem in _PROBLEMS:
        if found := re.search(problem.pattern, text, re.DOTALL):
            given = {name: value for name, value in found.groupdict().items() if value}
            words = defaultdict(str, endpoint=endpoint or "its usual place", port="?", image="of that name")
            words.update(given)
            return error(
                problem.code,
                problem.message.format_map(words),
                fault=problem.fault,
                facts=tuple(fact for fact in (f"while {during}" if during else "", _short(text)) if fact),
                help=problem.help.format_map(words),
            )
    return None


def silent_problem(seconds: float, endpoint: str = "") -> Diagnostic:
    """An engine that takes connections and answers nothing."""
    return error(
        "host/engine-silent",
        f"the engine{f' at {endpoint}' if endpoint else ''} does not answer",
        fault=Fault.HOST,
        facts=(f"it takes connections, and said nothing for {seconds:.0f} s",),
        help="see what holds it up (`docker info`, its own log), or start it again",
    )


_REGISTRY = re.compile(
    r"no such host|server misbehaving|i/o timeout|connection refused|network is unreachable|TLS handshake timeout"
    r"|context deadline exceeded|x509:|no route to host|name resolution|proxyconnect|Client.Timeout"
)


def pull_problem(text: str, ref: str) -> HostError:
    """Why an image could not be fetched. A registry that does not answer is this machine's matter (exit code
    3); one that says there is no such image would say the same to the platform (exit code 1)."""
    if known := known_host_problem(text) if "no space left" in text or "toomanyrequests" in text else None:
        return HostError(known)
    if _REGISTRY.search(text):
        return HostError(
            error(
                "host/no-registry",
                f"{ref} cannot be fetched: its registry does not answer from here",
                fault=Fault.HOST,
                facts=(_short(text),),
                help=f"check the network, or give another image: --base-image {ref}=IMAGE",
            )
        )
    denied = re.search(r"denied|unauthorized|authentication required|no basic auth", text)
    return HostError(
        error(
            "image/denied" if denied else "image/not-found",
            f"the registry has no image {ref}" + (", or keeps it from us" if denied else ""),
            facts=(_short(text),),
            help="check the name and tag" + ("; if it is private, sign in with `docker login`" if denied else ""),
        ),
        exit_code=1,
    )


def _short(text: str) -> str:
    """The first 300 characters in one line."""
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:299] + "…"
