"""Commands that are over as soon as they have begun, and so leave a service with nothing that runs."""

import posixpath
from collections.abc import Iterator

from emulator.formats.dockerfile.base_images import entrypoint_of, short_name
from emulator.model.diagnostic import Diagnostic, Related, Severity
from emulator.model.origin import Origin
from emulator.model.plan import BuildKind, ServiceType
from emulator.model.record import Record

from .command import SHELLS, Started, base_name, started
from .image_view import ImageView, view_of
from .rule import CheckRule, Sample
from .shell import words
from .subject import Subject

_FROM = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n"

ENDS = CheckRule(
    code="start/ends-by-itself",
    severity=Severity.ERROR,
    statement="The command of a service is over as soon as it has done its work, or leaves the foreground.",
    why=(
        "A container lives as long as its first process. A service whose command ends, also with 0 and also because a "
        "daemon went on behind it, has nothing left that answers, and the deploy fails. What ends belongs into the "
        "build, a pre-deploy command or a job."
    ),
    wrong=Sample(files={"app.py": "", "Dockerfile": f"{_FROM}CMD python -m compileall app.py\n"}, file="Dockerfile",
                 line=4),
    right=Sample(files={"app.py": "", "Dockerfile": f'{_FROM}CMD ["python", "app.py"]\n'}),
)  # fmt: skip

RULES = (ENDS,)

_SHELL_OR_PROMPT = {
    "python": "python3", "node": "node", "debian": "bash", "ubuntu": "bash", "alpine": "sh", "golang": "bash",
    "ruby": "irb", "rust": "bash", "buildpack-deps": "bash",
}  # fmt: skip
"""CMD of official images (docker-library's Dockerfiles) that waits for a terminal, and ends without one."""
_NGINX = ("nginx", "nginxinc/nginx-unprivileged")
"""Their entrypoint ends by executing its arguments (nginx/docker-nginx, docker-entrypoint.sh)."""
_STAYING = (ServiceType.WEB, ServiceType.PRIVATE, ServiceType.WORKER)

_ALWAYS_END = words("echo printf true false mkdir cp mv rm ln touch chmod chown ls pwd date whoami compileall")
_OF_THE_SYSTEM = ("", "/bin", "/usr/bin")
"""Where a program of such a name is the system's: elsewhere it may be somebody's server."""
_ENDING_VERBS = {
    "pip": words("install list freeze check"),
    "pip3": words("install list freeze check"),
    "npm": words("ci install i clean-install audit version"),
    "yarn": words("install add"),
    "pnpm": words("install i add"),
    "poetry": words("install lock"),
    "uv": words("sync lock pip"),
    "pipenv": words("install sync lock"),
    "bundle": words("install"),
    "alembic": words("upgrade downgrade stamp current history revision"),
    "prisma": words("migrate generate db"),
    "next": words("build"),
    "nuxt": words("build generate"),
    "astro": words("build"),
    "react-scripts": words("build"),
    "go": words("build mod test"),
    "cargo": words("build test"),
    "django": words(
        "migrate makemigrations collectstatic createsuperuser loaddata check compilemessages createcachetable test"
    ),
}
"""Programs that are over after these subcommands, by their own references."""
_BUILDS = {"tsc": (), "vite": ("build",), "ng": ("build",)}
"""Compilers that end, but for --watch; and the subcommand."""
_DAEMON_SWITCHES = {
    "gunicorn": words("-D --daemon"), "php-fpm": words("-D --daemonize"), "celery": words("-D --detach"),
}  # fmt: skip
"""docs.gunicorn.org, settings: daemon; php-fpm --help; docs.celeryq.dev, `celery worker --detach`."""


def ends_by_itself(subject: Subject) -> Iterator[Diagnostic]:
    """A service's command that is surely over at once."""
    if subject.service.type not in _STAYING:
        return
    told = _without_command(subject) or _of_command(subject) or _of_script(subject)
    if told is None:
        return
    is_certain = subject.is_looked_for and told.is_sure and (told.is_meant_to_serve or _is_declared(subject))
    severity = Severity.ERROR if is_certain else Severity.WARNING
    yield subject.finding(ENDS.code, severity, told.message, help=told.help, related=told.related)


def _is_declared(subject: Subject) -> bool:
    """Whether a platform's own file declares the service. Where none does, its settings may name another command."""
    origin, build = subject.service.origin, subject.container.build
    return origin is not None and origin.file != build.dockerfile


class _Told(Record, frozen=True):
    """is_meant_to_serve: False of images that may be a workshop, started with a command of somebody's own.
    is_sure: False where the program may be another one of that name."""

    message: str
    help: str
    is_meant_to_serve: bool = False
    is_sure: bool = True
    related: tuple[Related, ...] = ()


def _without_command(subject: Subject) -> _Told | None:
    """No ENTRYPOINT and no CMD on a base image whose own command is a shell or a prompt."""
    command, image, base = subject.container.command, subject.image, subject.base_image
    if command is None or command.argv or command.form != "image" or image is None or base is None:
        return None
    if image.entrypoint or image.cmd or subject.container.build.kind is not BuildKind.DOCKERFILE:
        return None
    runs = _SHELL_OR_PROMPT.get(short_name(base))
    runs = "sh" if runs == "bash" and "alpine" in base else runs
    if runs is None or "onbuild" in base:
        return None
    return _Told(
        f"no CMD says what to start: {base} starts {runs}, which ends at once without a terminal",
        "end the Dockerfile with the CMD that starts the app",
    )


def _of_command(subject: Subject) -> _Told | None:
    run, command, base = subject.started, subject.container.command, subject.base_image
    if run is None or command is None or not command.argv:
        return None
    if base is not None and short_name(base) in _NGINX:
        run = started(command.argv, subject.environ, transparent=entrypoint_of("nginx"))
    if run.program in SHELLS:
        waits = run.shell is None and run.script is None and not run.args and base_name(command.argv[-1]) == run.program
        return _Told(f"{run.program} ends at once without a terminal", "start the app instead") if waits else None
    if not run.alone or not run.complete or not all(argument.known for argument in run.args):
        return None
    given = [argument.text for argument in run.args]
    if _goes_to_background(subject, run, given):
        help = "let it stay in the foreground"
        help += ': nginx -g "daemon off;"' if run.program == "nginx" else ""
        return _Told(f"{run.program} goes on in the background, and the container ends", help, is_meant_to_serve=True)
    if run.program == "python" and not given and run.script is None and run.module is None:
        return _Told("python has no script to run, and ends at once without a terminal", "name the script")
    if _is_over(run, given):
        shown = " ".join([run.script or run.module or run.program, *given[:2]])
        return _Told(
            f"`{shown}` ends when it has done its work", "run it in the build, and start the app here",
            is_meant_to_serve=run.program not in _ALWAYS_END, is_sure=_is_django(subject, run),
        )  # fmt: skip
    return None


def _of_script(subject: Subject) -> _Told | None:
    """`python app.py` of a script that makes an app and never serves it."""
    view, run = view_of(subject), subject.started
    if view is None or run is None or run.program != "python" or run.script is None or view.directory is None:
        return None
    found = view.worked.look(posixpath.join(view.directory, run.script))
    text = view.files.read(found.path) if found.kind == "file" else None
    is_plain = run.alone and run.complete and not run.changed and subject.is_looked_for and not run.args
    if text is None or found.made is None or found.made.by != "context" or not is_plain:
        return None
    from .defining import imports_of, only_defines  # takes long to load

    line = only_defines(text)
    if line is None or any(_may_be_own(view, posixpath.dirname(found.path), name) for name in imports_of(text)):
        return None
    place = Origin(file=found.made.path, line=line)
    return _Told(
        f"{run.script} defines an app and ends: nothing in it serves it",
        "start it with a server, such as gunicorn or uvicorn, or call its run() at the end of the script",
        is_meant_to_serve=True, related=(Related(origin=place, message="the app that nobody serves"),),
    )  # fmt: skip


def _is_django(subject: Subject, run: Started) -> bool:
    """False where a manage.py can be read and is not Django's, or cannot be: its subcommands may do anything."""
    view = view_of(subject)
    if run.program != "django" or run.script is None:
        return True
    place = posixpath.join(view.directory, run.script) if view is not None and view.directory is not None else None
    text = view.files.read(place) if view is not None and place is not None else None
    return text is not None and "execute_from_command_line" in text


def _may_be_own(view: ImageView, directory: str, name: str) -> bool:
    """Whether an import may run code of the repository, which may serve."""
    return name == "." or any(view.files.look(posixpath.join(directory, name + end)) != "absent" for end in (".py", ""))


def _is_over(run: Started, given: list[str]) -> bool:
    program = run.module if run.program == "python" and run.module else run.program
    if any(word in ("-h", "--help", "--version") or "watch" in word or word == "-w" for word in given):
        return False
    if program in _ALWAYS_END:
        return run.module is not None or posixpath.dirname(run.path) in _OF_THE_SYSTEM
    verb = given[0] if given else None
    if program in _BUILDS:
        return not _BUILDS[program] or verb in _BUILDS[program]
    if program == "flask":
        return verb == "db"
    if program == "yarn" and verb is None:
        return True
    return verb is not None and verb in _ENDING_VERBS.get(program, ())


def _goes_to_background(subject: Subject, run: Started, given: list[str]) -> bool:
    switches = _DAEMON_SWITCHES.get(run.program)
    if switches is not None:
        return any(word in switches for word in given)
    if run.program == "service":
        return len(given) == 2 and given[1] in ("start", "restart")
    if run.program == "pm2":
        return given[:1] == ["start"] and not any("daemon" in word or word == "--attach" for word in given)
    if run.program == "redis-server":
        return any(one == "--daemonize" and two == "yes" for one, two in zip(given, given[1:], strict=False))
    return run.program == "nginx" and _nginx_is_daemon(subject, given)


def _nginx_is_daemon(subject: Subject, given: list[str]) -> bool:
    """nginx.org, ngx_core_module: `daemon` is on by default, and set in the main context or by -g. The official
    image gives -g in its own CMD and not in its nginx.conf. Silent unless every place is known."""
    worked, base = subject.worked, subject.base_image
    if worked is None or base is None or any(word != "-g" and word.startswith("-") for word in given):
        return False
    if short_name(base) not in _NGINX or any("daemon" in word for word in given):
        return False
    steps = [step.instruction for stage in worked.stages.values() for step in stage.steps]
    if any("nginx.conf" in one.source or "daemon" in one.source or one.keyword == "VOLUME" for one in steps):
        return False
    conf = worked.look("/etc/nginx/nginx.conf")
    return conf.made is None or conf.made.by != "context"
