"""What is meant to be secret and stays in the image, where whoever gets the image can read it."""

import posixpath
import re
from collections.abc import Iterator

from emulator.formats.dockerfile import Setting
from emulator.image.working import Worked
from emulator.model.diagnostic import Diagnostic, Related, Severity
from emulator.model.origin import Origin

from .rule import CheckRule, Sample
from .subject import Subject

_FROM = "FROM python:3.13-slim\nWORKDIR /app\n"
_CMD = 'CMD ["python", "app.py"]\n'

BAKED_IN = CheckRule(
    code="image/secret-baked-in",
    severity=Severity.WARNING,
    statement="A value or a file that is meant to be secret becomes part of the image.",
    why=(
        "Whoever can pull the image reads its variables and its files, and its history keeps them when a later line "
        "takes them away. The platform gives secrets to the container when it starts it."
    ),
    wrong=Sample(
        files={"app.py": "", "Dockerfile": f"{_FROM}ARG API_KEY\nENV API_KEY=$API_KEY\nCOPY . .\n{_CMD}"},
        file="Dockerfile", line=4,
    ),
    right=Sample(files={"app.py": "", "Dockerfile": f"{_FROM}COPY . .\n{_CMD}"}),
)  # fmt: skip

UPLOADED = CheckRule(
    code="build/secret-uploaded",
    severity=Severity.WARNING,
    statement="A private file that git ignores is uploaded with the source.",
    why=(
        "The deploy command goes by rules of its own. The upload is kept where others of the project can read it, and "
        "a `COPY .` takes the file into the image."
    ),
    needs_platform_file=True,
)

RULES = (BAKED_IN, UPLOADED)

_SECRET = (
    r"(?:^|_)(?:SECRET|PASSWORD|PASSWD|PASS|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|MASTER_?KEY|ENCRYPTION_?KEY|CREDENTIALS)"
    r"(?:_KEY|_ID|_KEY_BASE)?$"
)
_LOGIN_IN_URL = r"[a-z][a-z0-9+.-]*://([^:/@\s]*):([^@/\s]+)@[^/@\s]*\.[^/@\s]+.*"
"""A URL with a password, at a host with a domain: names without one are of a local network."""
_KNOWN_FORMS = (
    r"AKIA[0-9A-Z]{16}|gh[pousr]_\w{36,}|github_pat_\w{40,}|sk_live_\w{16,}|xox[bap]-[\w-]{20,}|AIza[\w-]{35}"
)
_KNOWN_BEGINNINGS = ("AKIA", "gh", "sk_live_", "xox", "AIza")
"""Keys that their makers mark: AWS, GitHub, Stripe, Slack, Google (each one's own documentation)."""
_PUBLIC = r"PUBLIC|PUBLISHABLE|_KEY_ID$|CSRF"
_PLACEHOLDER = (
    r"(?i).*(?:dummy|change.?me|placeholder|example|your|insecure|fake|build|unused|not.?set|none|null|todo|xxx|\*\*\*"
    r"|<.*>).*|test|dev|development|secret|password|token|true|false|[0-9]{1,6}|.{0,5}"
)
_FILES = r"\.env(?:\.production|\.prod|\.local)?|id_(?:rsa|ed25519|ecdsa)|.*\.p12|.*\.pfx|.*-key\.pem|private.*\.pem"


def secret_baked_in(subject: Subject) -> Iterator[Diagnostic]:
    """Variables of the image's configuration, and files of the repository that it holds."""
    worked = subject.worked
    if worked is None or worked.config is None or worked.failures or subject.container.build.generated_dockerfile:
        return
    for setting in worked.config.env:
        found = _of_variable(subject, setting)
        if found is not None:
            yield found
    yield from _files(subject, worked)


def secret_uploaded(subject: Subject) -> Iterator[Diagnostic]:
    """Private files of the build context's root that lie on this disk alone, where the upload takes them along."""
    worked = subject.worked
    if worked is None or worked.context.upload is None:
        return
    for name in worked.context.names("."):
        if not _is_private(name):
            continue
        ignored = worked.context.ignored_by_git(name)
        if ignored is None:
            continue
        path = worked.context.in_repository(name)
        yield subject.finding(
            UPLOADED.code, UPLOADED.severity, f"{path} is uploaded, though git ignores it", origin=ignored.origin,
            facts=("the deploy command goes by rules of its own, and they leave it in",),
            help=f"add {name} to the deploy command's ignore file, and give its values as variables or secrets",
        )  # fmt: skip


def _of_variable(subject: Subject, setting: Setting) -> Diagnostic | None:
    name, origin = setting.name, setting.origin
    if origin is None or re.search(_PUBLIC, name.upper()):
        return None
    written = _written(subject, origin, name)
    if not re.search(_SECRET, name.upper()) and not _shows_itself(written):
        return None
    if written.startswith("$"):
        if setting.value and re.fullmatch(_PLACEHOLDER, setting.value):
            return None
        message = f"ENV {name} keeps a build argument in the image"
        help = "leave the ENV away: the container gets it when it starts, and a step that needs it takes a secret mount"
    elif written and "$" not in written and not re.fullmatch(_PLACEHOLDER, written):
        message = f"ENV {name} is written into the Dockerfile and kept in the image"
        help = "set it in the platform's settings, and give it out anew: it is in the repository's history"
    else:
        return None
    return subject.finding(BAKED_IN.code, BAKED_IN.severity, message, origin=origin, help=help)


def _shows_itself(written: str) -> bool:
    """Whether a value is a secret by its own form, whatever its name."""
    login = re.fullmatch(_LOGIN_IN_URL, written) if "://" in written else None
    if login is not None:
        user, password = login.groups()
        return "$" not in password and password != user and not re.fullmatch(_PLACEHOLDER, password)
    return written.startswith(_KNOWN_BEGINNINGS) and re.fullmatch(_KNOWN_FORMS, written) is not None


def _written(subject: Subject, origin: Origin, name: str) -> str:
    """The value as the Dockerfile has it."""
    worked = subject.worked
    for stage in worked.stages.values() if worked is not None else ():
        for step in stage.steps:
            for pair in step.instruction.pairs if step.instruction.keyword == "ENV" else ():
                if pair.key == name and step.instruction.origin.line <= origin.line:
                    value = (pair.value or "").strip("\"'")
                    if origin.line <= (step.instruction.origin.end_line or step.instruction.origin.line):
                        return value
    return ""


def _files(subject: Subject, worked: Worked) -> Iterator[Diagnostic]:
    """Private files of the build context's root, where the image has them."""
    context = worked.context
    here = worked.config.workdir if worked.config is not None else None
    for name in context.names("."):
        if not _is_private(name) or context.entry(name).kind != "file":
            continue
        found = worked.look(posixpath.join(here or "/", name))
        if found.state != "there" or found.made is None or found.made.by != "context" or found.made.origin is None:
            continue
        yield subject.finding(
            BAKED_IN.code, BAKED_IN.severity, f"the image holds {name}, which is meant to be private",
            origin=found.made.origin,
            related=(Related(origin=Origin(file=found.made.path, line=1), message="is in the repository as well"),),
            help=f"add {name} to .dockerignore, and take it out of git: git rm --cached {found.made.path}",
        )  # fmt: skip


def _is_private(name: str) -> bool:
    may_be = name.startswith((".env", "id_")) or name.endswith((".p12", ".pfx", ".pem"))
    return may_be and re.fullmatch(_FILES, name) is not None
