"""A plan as text: for each service the answer, then what lost; then what will go wrong, and one line that sums up."""

from collections.abc import Collection, Mapping

from emulator.model.diagnostic import Diagnostic
from emulator.model.origin import Origin
from emulator.model.plan import Command, Container, EnvKind, EnvVar, Plan, Service, ServiceType
from emulator.model.record import replace
from emulator.model.router import Header, Router
from emulator.model.rule import Rule
from emulator.model.static import Static

from .excerpt import ReadLine
from .style import Style, folded, hanging, printable, wrap
from .summary import summary
from .text import diagnostics_text
from .words import argv_words, at, build_words, command_words, probe_words, probes_of, tasks_words

_MOST_NAMES = 12
_MOST_WHOLE = 12
"""Of more services than these a check tells those of which something is found in full, the others on a line each."""
_DISAGREE = "config/commands-disagree"


def plan_text(
    plan: Plan,
    style: Style,
    read_line: ReadLine,
    *,
    rules: Mapping[str, Rule] | None = None,
    checked: bool = False,
    verbose: bool = False,
    quiet: bool = False,
    known: int = 0,
    loud: Collection[str] = ("error",),
) -> str:
    """The whole document: what runs, what lost, what will go wrong, and one line that sums up.

    rules: the platform's, by id, for the sources of decisions. checked: whether the check has looked as well. quiet: a
    line for each service, and findings of the `loud` severities. verbose: every decision with its source, every value
    whole. known: how many findings do not count because a baseline knows them."""
    blocks = service_blocks(plan, style, rules=rules, verbose=verbose, quiet=quiet, checked=checked)
    blocks += [diagnostics_text(told_findings(plan, quiet=quiet, loud=loud), style._replace(whole=verbose), read_line)]
    blocks += [] if quiet else [sum_line(plan, style, checked=checked, known=known)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def service_blocks(
    plan: Plan, style: Style, *, rules: Mapping[str, Rule] | None = None, verbose: bool = False, quiet: bool = False,
    checked: bool = False,
) -> list[str]:  # fmt: skip
    """What runs and what lost, without what will go wrong; as for `plan_text`."""
    style = style._replace(whole=verbose)
    if quiet:
        return ["\n".join(line for service in plan.services for line in _quiet(service, style))]
    shown = [d for d in plan.diagnostics if not d.suppressed]
    warned = {d.service for d in shown if d.code == _DISAGREE}
    seen = {related.origin for d in shown for related in d.related}
    brief = checked and not verbose and len(plan.services) > _MOST_WHOLE
    named = {d.service for d in shown}
    told = [s for s in plan.services if not brief or s.name in named]
    services = _nothing_found([s for s in plan.services if s not in told], style)
    services += [_service(s, style, told=s.name in warned, seen=seen, verbose=verbose) for s in told]
    if not verbose:
        return [_head(plan, style), *services]
    from .decisions_text import decisions_text  # only for who asks for every reason

    return [_head(plan, style), *services, decisions_text(plan, rules or {}, style)]


def _nothing_found(services: list[Service], style: Style) -> list[str]:
    """Services on a line each; [] for none."""
    rows = [line for service in services for line in _quiet(service, style)]
    return ["\n".join([style.dim("nothing found, told in full by `emu plan`:"), *rows])] if rows else []


def told_findings(plan: Plan, *, quiet: bool = False, loud: Collection[str] = ("error",)) -> list[Diagnostic]:
    """The findings that a person is told, without what a row of the plan says already; as for `plan_text`."""
    shown = [d for d in plan.diagnostics if not d.suppressed and (not quiet or d.severity in loud)]
    return shown if quiet else _without_losers(shown, plan)


def sum_line(plan: Plan, style: Style, *, checked: bool, known: int = 0) -> str:
    """The last line, which sums up."""
    paint = style.red if plan.with_errors() else style.bold
    return "\n".join(map(paint, wrap(summary(plan, checked=checked, known=known), style.width)))


def _quiet(service: Service, style: Style) -> list[str]:
    """Name, kind and command on one line; of several containers each on its own."""
    name, kind = printable(service.name), service.type.value
    told = {f"{name}/{printable(one.name)}": _command(one.command, style) for one in service.containers}
    if service.type is ServiceType.DATASTORE:
        told = {name: _server(service)}
    elif len(told) < 2:
        told = {name: _command(service.command, style)}
    lines = (f"{style.bold(who)}  {style.dim(kind)}  {style.short(what)}" for who, what in told.items())
    return [folded(line, style, 4) for line in lines]


def _head(plan: Plan, style: Style) -> str:
    parts = [plan.platform]
    if plan.created_from:
        words = {"blueprint": "synced from the Blueprint", "record": "as the record has it"}
        parts.append(words.get(plan.created_from, f"created from the {plan.created_from}"))
    if any(decision.id == "preview" for decision in plan.decisions):
        parts.append("a preview")
    commit = f" at {plan.snapshot.commit[:8]}" if plan.snapshot.commit else ""
    parts.append(f"{plan.snapshot.kind}{commit}")
    return "\n".join(wrap(" · ".join(parts), style.width)).replace(plan.platform, style.bold(plan.platform), 1)


def _service(service: Service, style: Style, *, told: bool, seen: Collection[Origin], verbose: bool) -> str:
    """The answer first: command, reason, image, port; then what lost; then what surrounds it. told: a warning below
    says what would run otherwise; seen: places that findings show."""
    command = service.command
    lines = [f"{style.bold(printable(service.name))}  {style.dim(service.type.value)}"]
    if service.type is ServiceType.DATASTORE:
        return "\n".join([*lines, *_datastore_rows(service, style)])
    own = next((c for c in service.containers if c.ingress), next(iter(service.containers), None))
    beside = [container for container in service.containers if container is not own]
    if own is not None and beside:
        lines += _container_head(own, style)
    lines += _row("runs", _command(command, style), style)
    if command is not None:
        reason = next((d.because for d in service.decisions if d.id == f"{service.name}.command"), None)
        if reason:
            lines += _row("because", reason, style)
        lines += _argv(command, style, verbose=verbose)
    lines += _row("builds", build_words(service.build), style)
    lines += _port(service, style)
    lines += _losers(command, style, told=told)
    lines += _overruled(service, style, seen)
    lines += _surroundings(service, style, verbose=verbose)
    lines += _files(own, style)
    for container in beside:
        lines += _container(container, style, verbose=verbose)
    return "\n".join(lines)


def _surroundings(service: Service, style: Style, *, verbose: bool) -> list[str]:
    """What is done with it: what runs around it, who asks whether it is well, what it may use."""
    lines = [row for label, text in _site(service.static) for row in _row(label, text, style)]
    if service.pre_deploy_command:
        not_run = "" if service.pre_deploy_argv else "  (not run)"
        lines += _row("before", f"{service.pre_deploy_command.rstrip()}{not_run}", style)
    if service.disk is not None:
        lines += _row("disk", f"{service.disk.name} at {service.disk.mount_path}", style)
    if service.initial_deploy_hook:
        lines += _row("once", f"{service.initial_deploy_hook.rstrip()}  (after the first deploy)", style)
    if service.schedule:
        lines += _row("schedule", f"{service.schedule} (UTC)", style)
    if service.tasks:
        lines += _row("tasks", tasks_words(service.tasks), style)
    if verbose and service.router:
        lines += _row("router", _router(service.router), style)
    for name, probe in probes_of(service.probes):
        lines += _row(name, probe_words(probe), style)
    if service.resources.memory_mib and service.command and service.command.form != "none":
        plan = f" ({service.resources.plan})" if service.resources.plan else ""
        lines += _row("memory", f"{service.resources.memory_mib} MiB{plan}", style)
    return lines + _row("env", _env(service.env, verbose=verbose), style)


def _port(service: Service, style: Style) -> list[str]:
    """At which port, who says so, and where."""
    if service.port is None:
        return []
    origin = next((d.origin for d in service.decisions if d.id == f"{service.name}.port"), None)
    place = f"  [{at(origin)}]" if at(origin) else ""
    return _row("port", f"{service.port.number} ({service.port.source}){place}", style)


def _container_head(container: Container, style: Style) -> list[str]:
    """Of several containers: which one it is, and when it starts."""
    what = ["container", *(["takes the requests"] if container.ingress else [])]
    what += [f"starts after {' and '.join(container.depends_on)}"] if container.depends_on else []
    return ["", f"  {style.bold(printable(container.name))}  {style.dim(', '.join(what))}"]


def _container(container: Container, style: Style, *, verbose: bool) -> list[str]:
    """A container beside the one that the service shows at its top."""
    command = container.command
    lines = [*_container_head(container, style), *_row("runs", _command(command, style), style)]
    lines += _argv(command, style, verbose=verbose) if command is not None else []
    lines += _row("builds", build_words(container.build), style)
    for name, probe in probes_of(container.probes):
        lines += _row(name, probe_words(probe), style)
    if container.resources.memory_mib:
        lines += _row("memory", f"{container.resources.memory_mib} MiB", style)
    lines += _row("env", _env(container.env, verbose=verbose), style)
    return lines + _files(container, style)


def _files(container: Container | None, style: Style) -> list[str]:
    """Where it finds secret files."""
    files = [mount.path for mount in container.mounts if mount.kind == "secret"] if container is not None else []
    return _row("files", ", ".join(files), style) if files else []


def _datastore_rows(service: Service, style: Style) -> list[str]:
    """What it is, how services reach it, and whether it keeps what it holds. Its password has a token in its place."""
    rows, store = _row("is", _server(service), style), service.datastore
    if store is None:
        return rows
    words = {"user": store.user or "", "password": "‹password›", "host": store.host, "database": store.database or ""}
    url = store.connection_string.format(**words, port=service.port.number if service.port else "")
    rows += _row("url", url, style)
    return rows + _row("keeps", "its data between runs" if store.persistent else "nothing between runs", style)


def _server(service: Service) -> str:
    """ "postgres 18 at db-1:5432" """
    store = service.datastore
    if store is None:
        return f"{service.build.runtime}, kept by the platform"
    return f"{store.engine} {store.version} at {store.host}" + (f":{service.port.number}" if service.port else "")


def _row(label: str, text: str, style: Style) -> list[str]:
    return hanging(label, style.short(text), style)


def _command(command: Command | None, style: Style) -> str:
    if command is None:
        return style.red("nothing")
    if command.form == "none":
        return "no process: files are served"
    where = f"  [{at(command.origin)}]" if command.origin else ""
    inside = f"  in {command.working_dir}" if command.working_dir else ""
    return f"{command_words(command)}{inside}{where}"


def _argv(command: Command, style: Style, *, verbose: bool) -> list[str]:
    """What is executed, word by word; of a long one only what `runs` does not say already."""
    if command.argv is None:
        return []
    whole = _row("argv", argv_words(command.argv), style)
    if verbose or len(whole) == 1 or not command.text:
        return whole
    *start, last = command.argv
    if start and " " in last and command.text.endswith(last):
        short = _row("argv", f"{argv_words(start)[:-1]}, and all the rest as one argument]", style)
        return min(short, whole, key=len)
    from shlex import join

    return [] if join(command.argv) == command.text else whole


def _site(static: Static | None) -> list[tuple[str, str]]:
    """The rules by which files are served, in their order; each kind has its label once."""
    routes = [f"{route.type} {route.source} → {route.destination}" for route in static.routes] if static else []
    headers = [f"{rule.name}: {rule.value} at {rule.path}" for rule in static.headers] if static else []
    labels = [*["routes"][: len(routes)], *[""] * (len(routes) - 1), *["headers"][: len(headers)]]
    labels += [""] * (len(headers) - 1)
    return list(zip(labels, [*routes, *headers], strict=True))


def _router(router: Router) -> str:
    """What stands before the service, by the names of what it adds."""
    limit = f"; {router.request_timeout_s:g} s at most" if router.request_timeout_s else ""
    return f"requests get {_names(router.request_headers)}; answers get {_names(router.response_headers)}{limit}"


def _names(headers: tuple[Header, ...]) -> str:
    return ", ".join(header.name for header in headers) or "nothing"


def _env(env: tuple[EnvVar, ...], *, verbose: bool) -> str:
    own = [v.name for v in env if v.kind != "platform"]
    theirs = f"{len(env) - len(own)} from the platform"
    if not own:
        return theirs
    shown = own if verbose or len(own) <= _MOST_NAMES + 2 else own[:_MOST_NAMES]
    more = f" and {len(own) - len(shown)} more (--verbose names them)" if len(shown) < len(own) else ""
    return f"{', '.join(shown)}{more}; {theirs}"


def _losers(command: Command | None, style: Style, *, told: bool) -> list[str]:
    """The commands that do not run. `told`: a warning below says what would run otherwise."""
    lines: list[str] = []
    for loser in command.shadowed if command else ():
        lines += _loser("not used", loser.text, loser.origin, loser.because, style)
    if command and command.alternative and not told:
        other = command.alternative
        lines += _row(
            "otherwise",
            f"{other.when}: {other.text or 'nothing runs'}" + (f" ({other.source})" if other.text else ""),
            style,
        )
    return lines


_IN_OTHER_ROWS = ("command", "builder", "language")
"""Decisions whose answer and losers `runs`, `not used` and `builds` show."""


def _overruled(service: Service, style: Style, seen: Collection[Origin]) -> list[str]:
    """Values that the user's files set and something else overrules; not those that a finding shows. What holds in
    place of a port stands right above."""
    lines: list[str] = []
    for decision in service.decisions:
        name = decision.id.removeprefix(f"{service.name}.")
        for lost in decision.rejected if name not in _IN_OTHER_ROWS else ():
            if lost.origin is None or lost.origin in seen or lost.answer in ("none", lost.origin.file, decision.answer):
                continue  # a file that sets nothing has its own name as its answer; what is set alike loses nothing
            because = lost.because if name == "port" else f"{lost.because} ({decision.question} {decision.answer})"
            lines += _loser("overruled", lost.answer, lost.origin, because, style)
    for var in service.env:
        if var.kind is EnvKind.FLAG and var.origin is not None and var.origin.file:
            lines += _loser("overruled", var.name, var.origin, "the command line gives another value", style)
    return lines


def _loser(label: str, text: str, origin: Origin | None, because: str, style: Style) -> list[str]:
    place = f"  [{at(origin)}]" if at(origin) else ""
    return _row(label, f"{style.short(text.rstrip())}{place}: {because}", style._replace(whole=True))


def _without_losers(found: list[Diagnostic], plan: Plan) -> list[Diagnostic]:
    """`found` without the places that a `not used` row gives already, with the same reason."""
    told = {loser.origin for service in plan.services if service.command for loser in service.command.shadowed}
    return [replace(d, related=tuple(r for r in d.related if r.origin not in told)) for d in found]
