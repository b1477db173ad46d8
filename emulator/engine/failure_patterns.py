"""What programs print when they fail, and what it means: tables of patterns, each seen in real output.

A pattern is tried on one line. Where several fit the same line the first of the table counts, so the general ones
come last. `_prefix` anchors what would otherwise also fit an access log or a message about something else.
"""

import re
from typing import NamedTuple

from emulator.model.diagnostic import Fault

from .language_stand_ins import NO_APK


class Pattern(NamedTuple):
    """A line of output and what it means. `message` and `help` take the pattern's groups. near: must fit one of
    the lines just above."""

    code: str
    pattern: re.Pattern[str]
    message: str
    help: str
    fault: Fault = Fault.APP
    near: re.Pattern[str] | None = None


def _pattern(
    code: str, pattern: str, message: str, help: str, *, fault: Fault = Fault.APP, near: str | None = None
) -> Pattern:
    return Pattern(code, re.compile(pattern), message, help, fault, re.compile(near) if near else None)


NOISE = re.compile(
    r"\s*$|\s*[\^~]+\s*$|\s*(?:note|hint): |\s*[╰│├─×]|\s*\[(?:end of output|\d+ lines of output)\]"
    r'|\s*File "<frozen|\s*(?:error: (?:subprocess-exited-with-error|metadata-generation-failed))$'
    r"|npm (?:error|ERR!) (?:$|A complete log of this run)"
)
"""Lines that tell of no cause: marks under a line, frames, and what pip and npm say of every failure."""

SAYS_WHY = re.compile(r"\s*(?:\w*Error|ERROR|error|[Ff]atal|FATAL|E)\b ?[:!]|npm (?:error|ERR!) ")
"""How a line begins that tells why, in programs that no pattern knows."""

CAUSED_BY = re.compile(r"\s+(?:Caused by|cause): ")
"""How Rust programs begin the lines, indented, that lead to the reason."""

OF_NOTHING = re.compile(r"(?:TypeError|AttributeError|ValueError|KeyError)\b")
"""What is raised where a value is used that is not there."""

_PROVIDERS = {
    "pkg_resources": "add `setuptools<81` to the dependencies (Python's environments bring none since 3.12), or use a "
    "newer {1}",
    "distutils": "add setuptools to the dependencies (Python has no distutils since 3.12), or use a newer {1}",
}


_GONE_WITH_3_12 = "asynchat asyncore distutils imp smtpd"
_GONE_WITH_3_13 = (
    "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd sunau "
    "telnetlib uu xdrlib"
)
_REMOVED = dict.fromkeys(_GONE_WITH_3_12.split(), "3.12") | dict.fromkeys(_GONE_WITH_3_13.split(), "3.13")
"""Modules that Python itself had, and the version from which on it has them no more (PEP 594, PEP 632)."""


def removed(module: str) -> str | None:
    """What to do about a module that Python no longer has; None for any other."""
    since = _REMOVED.get(module.partition(".")[0])
    if since is None:
        return None
    return f"Python has no {module} since {since}: ask for an older one, or for a package that brings it"


def provider(module: str) -> str:
    """What to do about a module that a package needs and does not bring: takes the module and the package."""
    top = module.partition(".")[0]
    return _PROVIDERS.get(top, "add the package that brings '{0}' to the dependencies")


_SHELL = r"^(?:\S*sh|\S*/[^\s:]+): (?:(?:line )?\d+: )?(?:exec: )?"
"""How a shell begins what it says of a command: its own name or its script's, and mostly a line."""

_MODULE_HELP = "correct the module's name, or copy and install the package it belongs to"
_PROGRAM_HELP = "install it in the image, or correct the command"
_FILE_HELP = "correct the path, or copy the file into the image"
_LINE_ENDS = _pattern(
    "start/script-line-ends",
    r"\\r['’]: No such file or directory|\\r: (?:command )?not found|\^M: bad interpreter|bad interpreter: .*\^M",
    "a script has Windows line ends, so its interpreter is not found",
    "save it with Unix line ends, and keep them with `*.sh text eol=lf` in .gitattributes",
)

_NO_SCRIPT = (
    (
        r'npm (?:error|ERR!) [Mm]issing script: "?([\w:.-]+)|ERR_PNPM_NO_SCRIPT\w*\s+Missing script: ([\w:.-]+)'
        r'|^error Command "([\w:.-]+)" not found\.'
    ),
    "package.json has no script {0}{1}{2}",
    "add it to its scripts, or name one that is there",
)
"""What npm, pnpm and yarn say."""

BOOT_PATTERNS: tuple[Pattern, ...] = (
    _LINE_ENDS,
    _pattern("start/script-missing", *_NO_SCRIPT),
    _pattern(
        "host/certificate",
        r"UnknownIssuer|unable to get local issuer certificate|self.signed certificate in certificate chain"
        r"|unable to verify the first certificate|certificate signed by unknown authority",
        "the container does not trust the certificate of a server it calls",
        "a proxy re-signs TLS here: `emu doctor` says how to give its certificate to images; for uv and Node add "
        "--env SSL_CERT_FILE=… or NODE_EXTRA_CA_CERTS=… (/etc/ssl/certs/ca-certificates.crt)",
        fault=Fault.HOST,
    ),
    _pattern(
        "start/module-not-found",
        r"ModuleNotFoundError: No module named '([\w.]+)'",
        "'{0}' cannot be imported: no such module in the image",
        _MODULE_HELP,
    ),
    _pattern(
        "start/module-not-found",
        r"^\S*python[\d.]*: No module named ([\w.]+)$",
        "'{0}' cannot be imported: no such module in the image",
        _MODULE_HELP,
    ),
    _pattern(
        "start/module-not-found",
        r"Error loading ASGI app\. Could not import module \"([\w.]+)\"|^Error: Could not import '([\w.]+)'",
        "'{0}{1}' cannot be imported: no such module in the image",
        _MODULE_HELP,
    ),
    _pattern(
        "start/module-not-found",
        r"^Error(?: \[ERR_MODULE_NOT_FOUND\])?: Cannot find (?:module|package) '([^']+)'",
        "'{0}' cannot be loaded: it is not in the image",
        "correct the path, copy the file, or add the package to the dependencies",
    ),
    _pattern(
        "start/attribute-not-found",
        r"Failed to find attribute '(\w+)' in '([\w.]+)'",
        "'{1}' has no attribute '{0}'",
        "name the application object that the module defines",
    ),
    _pattern(
        "start/attribute-not-found",
        r"Attribute \"(\w+)\" not found in module \"([\w.]+)\"",
        "'{1}' has no attribute '{0}'",
        "name the application object that the module defines",
    ),
    _pattern(
        "start/import-error",
        r"^ImportError: (.+)",
        "an import fails: {0}",
        "run the same import in the build to see it there",
    ),
    _pattern(
        "start/variable-missing",
        r"^KeyError: '([A-Z][A-Z0-9_]+)'",
        "the variable {0} is not set",
        "set {0} in the service's variables, or give it with --env {0}=…",
        near=r"<frozen os>|/os\.py\"|os\.environ",
    ),
    _pattern("start/file-not-found", r"can't open file '([^']+)'", "{0} is not in the image", _FILE_HELP),
    _pattern(
        "start/file-not-found",
        r"^FileNotFoundError: .*No such file or directory: '([^']+)'"
        r"|^Error: ENOENT: no such file or directory, \w+ '([^']+)'",
        "{0}{1} is not there when the app opens it",
        _FILE_HELP,
    ),
    _pattern(
        "start/program-not-found",
        _SHELL + r"([^\s:]+): (?:command )?not found$",
        "no program called {0}",
        _PROGRAM_HELP,
    ),
    _pattern(
        "start/program-not-found",
        r"^(?:\S*/)?env: .?([^\s'’:]+).?: No such file or directory|^env: can't execute '([^']+)'",
        "no program called {0}{1}",
        _PROGRAM_HELP,
    ),
    _pattern(
        "start/file-not-found",
        r"^exec (\S+): no such file or directory$",
        "{0} cannot be executed: it is not there, or the interpreter that its first line names is not",
        "correct the path, or the script's first line",
    ),
    _pattern(
        "start/port-in-use",
        r"EADDRINUSE|[Aa]ddress already in use",
        "the port is already taken inside the container",
        "start one server only, or give each its own port",
    ),
    _pattern(
        "start/dependency-refused",
        r"connect ECONNREFUSED ([\w.:-]+)|at \"([^\"]+)\", port \d+ failed: Connection refused"
        r"|connecting to ([\w.:-]+?)\.? Connection refused",
        "the connection to {0}{1}{2} is refused",
        "give the address of a running one with --env",
    ),
    _pattern(
        "start/dependency-refused",
        r"ECONNREFUSED|[Cc]onnection refused",
        "a connection to another service is refused",
        "give the address of a running one with --env",
    ),
    _pattern(
        "start/host-not-found",
        r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) ([\w.-]+)|could not translate host name \"([^\"]+)\"",
        "the host name {0}{1} is not known here",
        "give the address of a running one with --env",
    ),
    _pattern(
        "start/host-not-found",
        r"Name or service not known|Temporary failure in name resolution|No address associated with hostname",
        "a host name that the app connects to is not known here",
        "give the address of a running one with --env",
    ),
    _pattern(
        "start/permission-denied",
        r"^PermissionError: (?:\[Errno \d+\] )?[Pp]ermission denied(?:: '([^']+)')?"
        r"|EACCES: permission denied, \w+ '([^']+)'",
        "permission denied: {0}{1}",
        "check the file's owner and mode against the image's USER",
    ),
    _pattern(
        "start/permission-denied",
        _SHELL + r"([^\s:]+): Permission denied$",
        "{0} may not be executed",
        "make it executable (`git update-index --chmod=+x {0}`), or run it by its interpreter",
    ),
    _pattern(
        "start/exec-format",
        r"[Ee]xec format error",
        "the program is made for another processor, or a script without its first line",
        "build for linux/amd64, and begin scripts with #!/bin/sh",
    ),
    _pattern(
        "start/exec-format",
        r"(\S+\.(?:node|so[.\d]*)): (?:invalid ELF header|wrong ELF class)",
        "{0} is built for another system than the container's",
        "take what was installed on another machine (node_modules, .venv) out of git: the build installs it",
    ),
    _pattern(
        "start/uncaught-exception",
        r"^((?:[A-Za-z_]\w*\.)*(?:[A-Z]\w*)?(?:Error|Exception|Exit|Interrupt)(?: \[\w+\])?(?:: .*)?)$",
        "the app ends with {0}",
        "its last lines show where it comes from",
    ),
)

_CUT = (
    "a download of the build was cut off, or its server does not answer",
    "check this machine's network and that server (`emu doctor` tests the network from a container), then deploy again",
)

BUILD_PATTERNS: tuple[Pattern, ...] = (
    _pattern("build/script-missing", *_NO_SCRIPT),
    _LINE_ENDS,
    _pattern(
        "host/stand-in",
        NO_APK,
        "the stand-in for an Alpine image has no apk: it is Debian",
        "--base-image FROM=TO puts an Alpine image that you have in its place, or build where a registry answers",
        fault=Fault.HOST,
    ),
    _pattern(
        "host/network",
        r"after connection broken by|urllib3\.exceptions\.(?:ReadTimeoutError|ProtocolError|NewConnectionError)"
        r"|Wheel '[^']*' located at \S*/pip-unpack-\S+ is invalid|Failed to fetch .*(?:[Cc]onnect|timed out)"
        r"|npm (?:ERR!|error) (?:network|code E(?:CONNRESET|CONNREFUSED|TIMEDOUT|NETUNREACH|HOSTUNREACH))"
        r"|curl: \((?:7|18|28|35|52|56)\)|Network is unreachable|No route to host",
        *_CUT,
        fault=Fault.HOST,
    ),
    _pattern(
        "host/network",
        r"No matching distribution found for \S+|Could not find a version that satisfies",
        *_CUT,
        near=r"after connection broken by",
        fault=Fault.HOST,
    ),
    _pattern(
        "build/package-not-copied",
        r"error: package directory '([^']+)' does not exist",
        "the package directory '{0}' is not there when the project is installed",
        "add {0} (in a Dockerfile: COPY it before the install)",
    ),
    _pattern(
        "build/pip-project-missing",
        r"does not appear to be a Python project|[Nn]either 'setup\.py' nor 'pyproject\.toml' found",
        "the project to install is not in the build context",
        "widen the context, or copy pyproject.toml or setup.py into it",
    ),
    _pattern(
        "build/requirement-not-found",
        r"No matching distribution found for (\S+)",
        "no release of {0} fits this Python",
        "pin another release, or another version of Python",
    ),
    _pattern(
        "build/requirements-file-missing",
        r"Could not open requirements file: .*'([^']+)'",
        "{0} is not there when it is installed",
        "add {0} (in a Dockerfile: COPY it before the install)",
    ),
    _pattern(
        "build/package-unknown",
        r"^E: Unable to locate package (\S+)|^E: Package '([^']+)' has no installation candidate",
        "the distribution has no package {0}{1}",
        "correct its name; `apt-get update` must run in the same step",
    ),
    _pattern(
        "build/module-not-found",
        r"^ModuleNotFoundError: No module named '([\w.]+)'",
        "the build cannot import '{0}'",
        "copy and install it in an earlier step",
    ),
    _pattern(
        "build/file-not-found",
        r"can't open file '([^']+)'|^\w+: cannot (?:stat|access|open) '([^']+)': No such file",
        "{0}{1} is not there at this step",
        "add it (in a Dockerfile: COPY it in an earlier step), or correct the path",
    ),
    _pattern(
        "host/certificate",
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|self.signed certificate|UnknownIssuer"
        r"|certificate signed by unknown authority",
        "a download fails because of a certificate",
        "a proxy re-signs TLS here: `emu doctor` says how to give its certificate to builds",
        fault=Fault.HOST,
    ),
    _pattern(
        "host/name-resolution",
        r"Temporary failure in name resolution|Could not resolve|getaddrinfo (?:ENOTFOUND|EAI_AGAIN)",
        "a name cannot be resolved from inside the build",
        "check this machine's network; `emu doctor` tests it from a container",
        fault=Fault.HOST,
    ),
    _pattern(
        "host/disk-full",
        r"[Nn]o space left on device|[Dd]isk quota exceeded|ENOSPC",
        "the engine's disk is full",
        "free some space, for example with `docker builder prune` (it removes the build cache), and try again",
        fault=Fault.HOST,
    ),
    _pattern(
        "build/program-not-found",
        _SHELL + r"([^\s:]+): (?:command )?not found$",
        "no program called {0} in this stage",
        "install it in an earlier step, or correct the command",
    ),
    _pattern(
        "build/permission-denied",
        _SHELL + r"([^\s:]+): Permission denied$",
        "{0} may not be executed",
        "make it executable (`git update-index --chmod=+x {0}`), or run it by its interpreter",
    ),
    _pattern(
        "build/old-hash",
        r"error:0308010C:digital envelope routines::unsupported",
        "a build tool asks for a hash, MD4, that Node 17 and later refuse",
        "take newer build tools, an older Node, or set NODE_OPTIONS=--openssl-legacy-provider",
    ),
    _pattern(
        "build/package-not-compiled",
        r"^Error: pg_config executable not found",
        "psycopg2 has no wheel for this Python, and pg_config, by which it is compiled, is not there",
        "take psycopg2-binary, in a release that has a wheel for this Python; or install libpq-dev and a compiler",
    ),
    _pattern(
        "build/package-not-compiled",
        r"^\s*ERROR: Failed building wheel for (\S+)",
        "{0} has no wheel for this Python, and cannot be compiled",
        "pin a release of {0} that has one, or another version of Python; or install what it is compiled with",
    ),
)
