"""Probes: their defaults, their limits, and the one a container gets that has none."""

from emulator.model.diagnostic import Diagnostic, error, info, warning
from emulator.model.lifecycle import Lifecycle, Probe, Probes, Replacement
from emulator.model.origin import Origin
from emulator.model.plan import Container
from emulator.model.rule import Rule

from . import rules
from .manifest import ContainerSpec, ProbeSpec, ServiceSpec
from .reading import Number, Text

BACK_OFF_S = (17.0,)
"""How long after a failed start the next one came in logs (rule cloud-run/startup-retried)."""
DEPLOY_DEADLINE_S = 240.0
DEFAULT_S = 240
_DOCUMENTED_S = 600
_STATUSES = (200, 399)

_KINDS = {"httpGet": "http", "tcpSocket": "tcp", "grpc": "grpc"}
_LEAST = {"initialDelaySeconds": 0, "periodSeconds": 1, "timeoutSeconds": 1, "failureThreshold": 1}
_MOST = {"startup": 240, "liveness": 3600, "readiness": 300}
_ACCEPTED = {"startup": _DOCUMENTED_S, "liveness": 3600, "readiness": 300}
"""Seconds up to which a warning is all: the newest documentation says more than the schema."""


def default_startup_probe(port: int) -> Probe:
    """The probe of an ingress container that has none (rule cloud-run/default-startup-probe)."""
    return Probe(
        kind="tcp", port=port, timeout_s=DEFAULT_S, period_s=DEFAULT_S, failure_threshold=1, waits_for_port=True,
        implicit=True,
    )  # fmt: skip


def probes_of(spec: ContainerSpec, port: int | None, *, is_ingress: bool) -> Probes:
    """The container's probes with every default filled in; `port` is the one it listens on."""
    startup = _probe(spec, "startup", port)
    if startup is None and is_ingress and port is not None:
        startup = default_startup_probe(port)
    return Probes(startup=startup, liveness=_probe(spec, "liveness", port), readiness=_probe(spec, "readiness", port))


def lifecycle_of(containers: tuple[Container, ...], request_timeout_s: float) -> Lifecycle:
    """The timings from start to verdict and on (rules cloud-run/startup-retried, liveness, replace,
    overlapping-deploys). A startup probe may take longer than the starts are repeated."""
    probes = [one.probes.startup for one in containers if one.probes.startup is not None]
    longest = max((p.initial_delay_s + p.failure_threshold * p.period_s for p in probes), default=0)
    return Lifecycle(
        back_off_s=BACK_OFF_S, deadline_s=max(DEPLOY_DEADLINE_S, longest), kill_when_unhealthy=True,
        replacement=Replacement(all_at_once=True, drain_s=request_timeout_s, overlap="override"),
    )  # fmt: skip


def _probe(spec: ContainerSpec, role: str, port: int | None) -> Probe | None:
    written = spec.probes.get(role)
    if written is None or not written.actions:
        return None
    kind = _KINDS[written.actions[0]]
    path = written.texts.get("path")
    service = written.texts.get("service")
    return Probe(
        kind=kind,  # type: ignore[arg-type]
        path=_path(path.text if path else "") if kind == "http" else None,
        port=_value(written, "port", port or 0) or port,
        headers=written.headers,
        service=service.text if service and kind == "grpc" else None,
        initial_delay_s=_value(written, "initialDelaySeconds", 0),
        timeout_s=_value(written, "timeoutSeconds", 1),
        period_s=_value(written, "periodSeconds", 10),
        failure_threshold=_value(written, "failureThreshold", 3),
        success_threshold=_value(written, "successThreshold", 2 if role == "readiness" else 1),
        success_statuses=_STATUSES if kind == "http" else None,
        waits_for_port=kind == "tcp",
        unready_threshold=_value(written, "failureThreshold", 3) if role == "readiness" else None,
        origin=written.origin,
    )


def _path(text: str) -> str:
    return text if text.startswith("/") else f"/{text}"


def _value(written: ProbeSpec, name: str, default: int) -> int:
    number = written.numbers.get(name)
    return number.value if number is not None else default


# ---- what is wrong ------------------------------------------------------------------------------------


def probe_problems(spec: ContainerSpec, port: int | None, service: ServiceSpec) -> list[Diagnostic]:
    """Everything the server refuses in a container's probes, and what it may refuse."""
    found: list[Diagnostic] = []
    for role, written in spec.probes.items():
        check = _Check(spec.number, role, written, service)
        check.action(port)
        check.limits()
        check.version(spec.port_name)
        found += check.found
    return found


class _Check:
    """One probe's problems, as they are found."""

    def __init__(self, number: int, role: str, written: ProbeSpec, service: ServiceSpec) -> None:
        self.found: list[Diagnostic] = []
        self._role = role
        self._written = written
        self._service = service.name
        self._where = f"{service.containers_path}[{number}].{role}_probe"

    def action(self, port: int | None) -> None:
        """Exactly one way of asking, and one that this kind of probe has."""
        actions = self._written.actions
        if len(actions) != 1:
            named = f"has {' and '.join(actions)}" if actions else "says neither httpGet nor tcpSocket nor grpc"
            self._refuse("probe-action", f"{self._role}Probe {named}", rules.PROBE_ACTION, "keep exactly one of them")
        elif actions[0] == "tcpSocket" and self._role != "startup":
            words = f"Cloud Run currently does not support TCP socket in {self._role} probe"
            self._refuse("liveness-not-tcp", words, rules.LIVENESS_TCP, "ask by httpGet or grpc")
        given = self._written.numbers.get("port")
        if given is not None and not 0 < given.value < 65536:
            words = f"{self._role}Probe asks port {given.value}, which is no port number"
            self._refuse("probe-port", words, rules.PROBE_PORT, "write a number from 1 to 65535", given)
        if given is None and port is None and len(actions) == 1:
            self._doubt(
                "probe-port", f"{self._role}Probe names no port, and the container has none", rules.PROBE_PORT,
                "add `port:`", None,
            )  # fmt: skip
        for name in ("host", "scheme"):
            text = self._written.texts.get(name)
            if text is not None:
                words = f"{self._role}Probe has {name}, which Cloud Run does not support"
                self._doubt("probe-host", words, rules.PROBE_HOST, f"remove {name}", text.origin)

    def version(self, port_name: Text | None) -> None:
        """By HTTP/1.1, of a container whose requests come by HTTP/2: it may speak both, which is not known here."""
        if port_name is not None and port_name.text == "h2c" and self._written.actions == ("httpGet",):
            rule = rules.HTTP_PROBE_VERSION
            self.found.append(
                info(
                    "cloud-run/http-probe-version",
                    f"{self._role}Probe asks by HTTP/1.1, and the port is h2c: a server of HTTP/2 alone fails it",
                    origin=self._written.origin, service=self._service, rule=rule.id, url=rule.url,
                    help="ask by grpc or tcpSocket, unless the server speaks HTTP/1.1 as well"
                    if self._role == "startup" else "ask by grpc, unless the server speaks HTTP/1.1 as well",
                )
            )  # fmt: skip

    def limits(self) -> None:
        """Each number by itself, then those that depend on each other."""
        numbers = self._written.numbers
        for name, least in _LEAST.items():
            number = numbers.get(name)
            if number is None:
                continue
            if number.value < least:
                words = f"{self._role}Probe's {name} is {number.value}; the least is {least}"
                self._refuse("probe-limits", words, rules.PROBE_LIMITS, f"write {least} or more", number)
            elif name != "failureThreshold":
                self._most(name, number)
        self._successes(numbers.get("successThreshold"))
        timeout, period = _value(self._written, "timeoutSeconds", 1), _value(self._written, "periodSeconds", 10)
        if timeout > period:
            words = f"service.{self._where}.timeout_seconds: must be less than period_seconds"
            by_default = "" if "periodSeconds" in numbers else " by default"
            facts = (f"timeoutSeconds is {timeout}, periodSeconds {period}{by_default}",)
            help_ = f"set periodSeconds to {timeout} or more, or lower the timeout"
            self._refuse("probe-timeout", words, rules.PROBE_TIMEOUT, help_, numbers.get("timeoutSeconds"), facts)
        if self._role == "startup":
            self._ceiling(period, _value(self._written, "failureThreshold", 3))

    def _most(self, name: str, number: Number) -> None:
        most, accepted = _MOST[self._role], _ACCEPTED[self._role]
        if name == "initialDelaySeconds":
            if self._role == "readiness" and number.value:
                words = "readinessProbe has initialDelaySeconds, which a readiness probe does not have"
                self._doubt("probe-limits", words, rules.PROBE_LIMITS, "remove it", number.origin)
                return
            if self._role == "liveness":
                most = _DOCUMENTED_S
        words = f"{self._role}Probe's {name} is {number.value} s"
        if number.value > accepted:
            words = f"{words}; the most is {accepted} s"
            self._refuse("probe-limits", words, rules.PROBE_LIMITS, f"write {most} or less", number)
        elif number.value > most:
            words = f"{words}, which not every version of Cloud Run's rules allows"
            self._doubt("probe-limits", words, rules.PROBE_LIMITS, f"write {most} or less to be sure", number.origin)

    def _successes(self, number: Number | None) -> None:
        if number is None or number.value == 1 or (self._role == "readiness" and number.value > 1):
            return
        words = f"{self._role}Probe's successThreshold is {number.value}; it must be 1"
        self._refuse("success-threshold", words, rules.SUCCESS_THRESHOLD, "remove it", number)

    def _ceiling(self, period: int, failures: int) -> None:
        """failureThreshold × periodSeconds."""
        product = period * failures
        if product <= DEFAULT_S:
            return
        words = f"startupProbe may take {failures} × {period} s = {product} s"
        number = self._written.numbers.get("failureThreshold") or self._written.numbers.get("periodSeconds")
        if product > _DOCUMENTED_S:
            help_ = f"failureThreshold × periodSeconds must not be more than {DEFAULT_S}"
            self._refuse(
                "startup-ceiling", f"{words}; the most is {_DOCUMENTED_S} s", rules.STARTUP_CEILING, help_, number
            )
        else:
            help_ = f"keep it within {DEFAULT_S} s and put the rest into initialDelaySeconds, which comes on top"
            words = f"{words}, and Cloud Run has been seen to refuse more than {DEFAULT_S} s"
            self._doubt("startup-ceiling", words, rules.STARTUP_CEILING, help_, number.origin if number else None)

    def _refuse(  # noqa: PLR0917  - a row of a table
        self, code: str, words: str, rule: Rule, help_: str, at: Number | None = None, facts: tuple[str, ...] = ()
    ) -> None:
        self.found.append(
            error(
                f"cloud-run/{code}", words, origin=at.origin if at else self._written.origin, facts=facts,
                service=self._service, rule=rule.id, url=rule.url, help=help_,
            )
        )  # fmt: skip

    def _doubt(self, code: str, words: str, rule: Rule, help_: str, at: Origin | None) -> None:
        self.found.append(
            warning(
                f"cloud-run/{code}", words, origin=at or self._written.origin, service=self._service, rule=rule.id,
                url=rule.url, help=help_,
            )
        )  # fmt: skip
