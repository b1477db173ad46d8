"""Commands that leave nothing behind, and those that write only to the system's own directories."""

from .effects import Effect, MakeFolder, Unknown
from .shell import Command

HARMLESS = frozenset({
    ":", "[", "[[", "basename", "break", "cat", "cd", "cmp", "command", "comm", "continue", "cut", "date", "df", "diff",
    "dirname", "du", "echo", "egrep", "exit", "export", "expr", "false", "fgrep", "file", "getconf", "getent", "grep",
    "groups", "hash", "head", "hostname", "id", "jq", "local", "ls", "md5sum", "nproc", "od", "printenv", "printf",
    "pwd",
    "read", "readlink", "readonly", "realpath", "return", "seq", "set", "sha1sum", "sha256sum", "sha512sum", "shift",
    "shopt", "sleep", "stat", "sync", "tail", "test", "tr", "trap", "true", "type", "ulimit", "uname", "uniq", "unset",
    "wait", "wc", "which", "whoami", "yes", "alias", "declare", "typeset", "free", "ps", "nslookup", "host",
})  # fmt: skip
"""They print, test, or change the shell alone. A redirection of theirs is told apart."""

INSTALLED = (
    "/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/run", "/sbin", "/tmp",  # noqa: S108
    "/usr/bin",
    "/usr/games", "/usr/include", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/sbin", "/usr/share",
    "/var",
)  # fmt: skip
"""Where packages of a distribution put files: Debian's policy, 9.1, keeps them out of /usr/local, /home and /srv, and
the Filesystem Hierarchy Standard, 3.13, out of /opt; what breaks it is not imagined here (inferred for apk and rpm)."""

_LIBRARIES = ("/etc", "/lib", "/usr/lib", "/var/cache")

SYSTEM_TOOLS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("apt", "apt-get", "apk", "dpkg", "yum", "dnf", "microdnf", "tdnf", "zypper", "rpm", "pacman", "apt-mark",
         "apt-key", "add-apt-repository", "apt-cache", "debconf-set-selections", "dpkg-reconfigure"),
        INSTALLED,
    ),
    "ldconfig": _LIBRARIES, "locale-gen": _LIBRARIES, "update-ca-certificates": ("/etc", "/usr/share"),
    "update-locale": ("/etc",), "update-alternatives": ("/etc", "/usr/bin", "/usr/lib", "/var"), "a2enmod": ("/etc",),
    "a2ensite": ("/etc",), "a2dismod": ("/etc",), "a2dissite": ("/etc",), "setcap": (), "sysctl": (),
    "groupadd": ("/etc",), "addgroup": ("/etc",), "usermod": ("/etc",), "groupmod": ("/etc",), "passwd": ("/etc",),
    "chpasswd": ("/etc",), "chsh": ("/etc",),
}  # fmt: skip
"""Command → below which directories it may add or change files. None of them takes away what lies elsewhere."""

_HOMELESS = {"-M", "--no-create-home", "-H", "--system", "-r", "-S"}


def users_effects(command: Command, name: str) -> list[Effect] | None:
    """useradd, adduser, userdel: the account files, and the home directory where one is made. None for others.

    useradd makes one with -m (login.defs' CREATE_HOME is off in Debian and on in RHEL: unknown without -m or -M);
    adduser of Debian and busybox does unless told not to.
    """
    if name == "userdel":
        gone = Unknown(paths=("/home", "/var"), why="userdel may remove what was the user's")
        return [Unknown(paths=("/etc",), why="userdel writes the account's files", keeps=True), gone]
    if name not in ("useradd", "adduser"):
        return None
    accounts = Unknown(paths=("/etc", "/var"), why=f"{name} writes the account's files", keeps=True)
    texts = [word.text for word in command.words[1:]]
    user = texts[-1] if texts else None
    home = None
    for option, value in zip(texts, texts[1:], strict=False):
        if option in ("-d", "--home-dir", "--home", "-h"):
            home = value
    home = next((one.partition("=")[2] for one in texts if one and one.startswith(("--home=", "--home-dir="))), home)
    if home is None and user and not user.startswith("-"):
        home = f"/home/{user}"
    if home is None or None in texts or not home.startswith("/"):
        return [accounts, Unknown(paths=("/home",), why=f"{name} may make a home directory", keeps=True)]
    combined = {f"-{letter}" for one in texts if one and one[0] == "-" and one[1:2] != "-" for letter in one[1:]}
    made = "--create-home" in texts or "-m" in combined if name == "useradd" else not (combined | {*texts}) & _HOMELESS
    skeleton = tuple(f"{home}/{file}" for file in (".bashrc", ".profile", ".bash_logout", ".cache"))
    below = Unknown(paths=skeleton, why=f"{name} copies /etc/skel there", keeps=True)
    return [accounts, MakeFolder(path=home, parents=True, mode=None), below] if made else [accounts, below]
