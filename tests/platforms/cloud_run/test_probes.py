"""Probes: the one that is added, defaults, limits and the server's words."""

import pytest

from tests.platforms.cloud_run.planning import codes, messages, of, plan, service, several, startup

HTTP = "httpGet:\n  path: /ready\n"


def _probe(fields: str, role: str = "startup") -> str:
    return f"{role}Probe:\n" + "".join(f"  {line}\n" for line in fields.splitlines())


def test_default_probe():
    """A container without a startup probe gets TCP, 240 s, one failure, on the port it is given."""
    probe = startup("ports: [{containerPort: 3000}]")
    assert (probe.kind, probe.port, probe.implicit, probe.waits_for_port) == ("tcp", 3000, True, True)
    assert (probe.initial_delay_s, probe.timeout_s, probe.period_s, probe.failure_threshold) == (0, 240, 240, 1)


def test_no_other_probe_is_added():
    """Liveness and readiness are only there when written; a sidecar gets no startup probe."""
    text = several("name: app\nports: [{containerPort: 80}]", "name: proxy")
    app, proxy = service({"service.yaml": text}).containers
    assert (app.probes.liveness, app.probes.readiness) == (None, None)
    assert proxy.probes.startup is None


def test_written_probe_has_the_small_defaults():
    """An explicit probe is far stricter than none: 1 s, 10 s, 3 failures."""
    probe = startup(_probe(HTTP))
    assert (probe.kind, probe.path, probe.port, probe.implicit) == ("http", "/ready", 8080, False)
    assert (probe.initial_delay_s, probe.timeout_s, probe.period_s, probe.failure_threshold) == (0, 1, 10, 3)
    assert (probe.success_statuses, probe.waits_for_port) == ((200, 399), False)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("httpGet: {}", {"kind": "http", "path": "/", "port": 8080}),
        ('httpGet:\n  path: ready\n  port: "9000"\n', {"path": "/ready", "port": 9000}),
        ("httpGet:\n  httpHeaders:\n    - name: X-A\n      value: b\n", {"headers": {"X-A": "b"}}),
        ("httpGet:\n  httpHeaders: [{name: X-A, value: b}, {name: X-A, value: c}]\n", {"headers": {"X-A": "b, c"}}),
        ("tcpSocket:\n  port: 5432\n", {"kind": "tcp", "port": 5432, "path": None, "waits_for_port": True}),
        ("grpc: {}", {"kind": "grpc", "port": 8080, "service": None, "waits_for_port": False}),
        ("grpc:\n  service: shop.v1\n  port: 50051\n", {"kind": "grpc", "port": 50051, "service": "shop.v1"}),
        ("tcpSocket: {}\ninitialDelaySeconds: 9\ntimeoutSeconds: 2\nperiodSeconds: 3\nfailureThreshold: 4",
         {"initial_delay_s": 9, "timeout_s": 2, "period_s": 3, "failure_threshold": 4}),
    ],
)  # fmt: skip
def test_actions(fields, expected):
    """httpGet, tcpSocket and grpc with their own defaults."""
    probe = startup(_probe(fields))
    assert {name: getattr(probe, name) for name in expected} == expected


def test_exported_probe_keeps_its_port():
    """CR-26: a probe that is written out asks its own port when containerPort changes."""
    exported = "tcpSocket:\n  port: 8080\ntimeoutSeconds: 240\nperiodSeconds: 240\nfailureThreshold: 1"
    probe = startup("ports: [{containerPort: 9090}]\n" + _probe(exported))
    assert (probe.port, probe.implicit) == (8080, False)


@pytest.mark.parametrize(
    ("fields", "severity", "message"),
    [
        pytest.param("tcpSocket: {}\ntimeoutSeconds: 240\nperiodSeconds: 10", "error",
                     "service.spec.template.spec.containers[0].startup_probe.timeout_seconds: "
                     "must be less than period_seconds", id="CR-30"),
        pytest.param("tcpSocket: {}\ntimeoutSeconds: 11", "error",
                     "service.spec.template.spec.containers[0].startup_probe.timeout_seconds: "
                     "must be less than period_seconds", id="the period's default counts"),
        pytest.param("tcpSocket: {}\ntimeoutSeconds: 240\nperiodSeconds: 240\nfailureThreshold: 1", None, "",
                     id="CR-30: equal is accepted"),
        pytest.param("httpGet: {}\nfailureThreshold: 24", None, "", id="240 s"),
        pytest.param("httpGet: {}\ninitialDelaySeconds: 180\nfailureThreshold: 24", None, "", id="the delay adds"),
        pytest.param("httpGet: {}\nfailureThreshold: 25", "warning",
                     "startupProbe may take 25 × 10 s = 250 s, and Cloud Run has been seen to refuse more than 240 s",
                     id="250 s"),
        pytest.param("httpGet: {}\nfailureThreshold: 60", "warning",
                     "startupProbe may take 60 × 10 s = 600 s, and Cloud Run has been seen to refuse more than 240 s",
                     id="600 s"),
        pytest.param("httpGet: {}\nfailureThreshold: 61", "error",
                     "startupProbe may take 61 × 10 s = 610 s; the most is 600 s", id="610 s"),
        pytest.param("httpGet: {}\ninitialDelaySeconds: 240", None, "", id="delay 240"),
        pytest.param("httpGet: {}\ninitialDelaySeconds: 241", "warning",
                     "startupProbe's initialDelaySeconds is 241 s, which not every version of Cloud Run's rules allows",
                     id="delay 241"),
        pytest.param("httpGet: {}\ninitialDelaySeconds: 601", "error",
                     "startupProbe's initialDelaySeconds is 601 s; the most is 600 s", id="delay 601"),
        pytest.param("httpGet: {}\ninitialDelaySeconds: -1", "error",
                     "startupProbe's initialDelaySeconds is -1; the least is 0", id="delay -1"),
        pytest.param("httpGet: {}\ntimeoutSeconds: 0", "error",
                     "startupProbe's timeoutSeconds is 0; the least is 1", id="timeout 0"),
        pytest.param("httpGet: {}\nfailureThreshold: 0", "error",
                     "startupProbe's failureThreshold is 0; the least is 1", id="no failure"),
        pytest.param("httpGet: {}\nsuccessThreshold: 2", "error",
                     "startupProbe's successThreshold is 2; it must be 1", id="two successes"),
        pytest.param("httpGet: {}\nsuccessThreshold: 1", None, "", id="one success"),
        pytest.param("httpGet: {}\ntcpSocket: {}", "error", "startupProbe has httpGet and tcpSocket", id="two actions"),
        pytest.param("periodSeconds: 5", "error", "startupProbe says neither httpGet nor tcpSocket nor grpc",
                     id="no action"),
        pytest.param("tcpSocket:\n  port: 70000", "error", "startupProbe asks port 70000, which is no port number",
                     id="port 70000"),
        pytest.param("httpGet:\n  host: example.org", "warning",
                     "startupProbe has host, which Cloud Run does not support", id="host"),
        pytest.param("httpGet:\n  scheme: HTTPS", "warning",
                     "startupProbe has scheme, which Cloud Run does not support", id="scheme"),
    ],
)  # fmt: skip
def test_startup_limits(fields, severity, message):
    """Each limit on both sides of its edge, in the server's words where they are known."""
    made = plan(of(_probe(fields)))
    assert [(d.severity, d.message) for d in made.diagnostics] == ([(severity, message)] if severity else [])


@pytest.mark.parametrize(
    ("role", "fields", "severities"),
    [
        ("liveness", "httpGet: {}\nperiodSeconds: 3600\ntimeoutSeconds: 3600", []),
        ("liveness", "httpGet: {}\nperiodSeconds: 3601", ["error"]),
        ("liveness", "httpGet: {}\ninitialDelaySeconds: 600", []),
        ("liveness", "httpGet: {}\ninitialDelaySeconds: 601", ["warning"]),
        ("liveness", "httpGet: {}\ninitialDelaySeconds: 3601", ["error"]),
        ("liveness", "httpGet: {}\nfailureThreshold: 1000", []),
        ("liveness", "httpGet: {}\nsuccessThreshold: 2", ["error"]),
        ("liveness", "tcpSocket: {}", ["error"]),
        ("liveness", "grpc: {}", []),
        ("readiness", "httpGet: {}\nsuccessThreshold: 2", []),
        ("readiness", "httpGet: {}\nperiodSeconds: 301", ["error"]),
        ("readiness", "httpGet: {}\ninitialDelaySeconds: 5", ["warning"]),
        ("readiness", "tcpSocket: {}", ["error"]),
    ],
)
def test_other_limits(role, fields, severities):
    """Liveness and readiness have limits of their own."""
    assert [d.severity for d in plan(of(_probe(fields, role))).diagnostics] == severities


def test_liveness_by_tcp_is_refused_in_the_servers_words():
    """TCP is for startup alone."""
    made = plan(of(_probe("tcpSocket: {}", "liveness")))
    assert messages(made) == ["Cloud Run currently does not support TCP socket in liveness probe"]


def test_liveness_and_readiness_are_planned():
    """Their defaults: a readiness probe wants two successes."""
    probes = service(of(_probe("httpGet: {}", "liveness") + _probe("grpc: {}", "readiness"))).probes
    assert probes.liveness is not None
    assert probes.readiness is not None
    assert (probes.liveness.period_s, probes.liveness.success_threshold) == (10, 1)
    assert probes.readiness.success_threshold == 2


def test_named_port_is_refused_in_gclouds_words():
    """Kubernetes knows ports by name; gcloud does not."""
    made = plan(of(_probe("httpGet:\n  port: http\n")))
    assert codes(made) == ["cloud-run/named-probe-port"]
    assert messages(made) == ['Error decoding the "port" field. Only integer ports are supported by gcloud']


def test_sidecar_probe_without_any_port():
    """A sidecar's probe needs a port, from the probe or the container."""
    text = several("name: app\nports: [{containerPort: 80}]", f"name: proxy\n{_probe('tcpSocket: {}')}")
    assert "cloud-run/probe-port" in codes(plan({"service.yaml": text}))


@pytest.mark.parametrize(
    ("fields", "deadline"),
    [("", 240), ("httpGet: {}", 240), ("httpGet: {}\ninitialDelaySeconds: 180\nfailureThreshold: 24", 420)],
)
def test_life_cycle(fields, deadline):
    """No port scan; starts repeat for 4 minutes, or as long as one probe may take; SIGTERM and 10 s."""
    found = service(of(_probe(fields) if fields else ""))
    life = found.lifecycle
    assert (life.port_scan, life.back_off_s, life.deadline_s) == (None, (17.0,), deadline)
    assert (found.shutdown.signal, found.shutdown.grace_seconds) == ("SIGTERM", 10)


@pytest.mark.parametrize(
    ("port", "probe", "told"),
    [
        ("h2c", "httpGet: {}", ["cloud-run/http-probe-version"]),
        ("http1", "httpGet: {}", []),
        ("h2c", "grpc: {}", []),
    ],
)
def test_http_probe_of_a_container_that_is_spoken_to_in_http2(port, probe, told):
    """It asks by HTTP/1.1, which a server of HTTP/2 alone does not answer; whether it is one is not known here."""
    found = plan(of(f"ports: [{{name: {port}, containerPort: 8080}}]\n{_probe(probe)}"))
    assert [one.code for one in found.diagnostics if one.code == "cloud-run/http-probe-version"] == told
