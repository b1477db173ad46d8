"""Asking git: short-lived and lasting git processes that read a repository and never change it.

Nothing of the user's repository is written (no index refresh, no lock), no hook, fsmonitor, filter
or transport named in its configuration is run, and nothing that a surrounding git command left in
the environment (`GIT_DIR` in a hook) redirects us: the repository is the one that PATH lies in.

Processes are started with `posix_spawn`: importing `subprocess` costs 3 ms, a twentieth of what
`emu plan` may take.
"""

import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

KEPT_VARIABLES = frozenset(
    {
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CEILING_DIRECTORIES",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_EXEC_PATH",
    }
)
"""What of the user's `GIT_*` environment says how git is set up rather than which repository is meant."""

ALWAYS = ("-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "-c", "core.quotePath=false")


class GitMissing(Exception):
    """There is no git on this machine."""


class GitFailed(Exception):
    """A git command ended with an error; `message` is the last thing it said."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def environment(more: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """This process's environment without any variable that would redirect git, plus `more`."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in KEPT_VARIABLES}
    env.update(
        LC_ALL="C",
        LANGUAGE="C",
        GIT_OPTIONAL_LOCKS="0",
        GIT_TERMINAL_PROMPT="0",
        GIT_NO_LAZY_FETCH="1",
        GIT_NO_REPLACE_OBJECTS="1",
        GIT_ALLOW_PROTOCOL="none",
    )
    env.update(more)
    return env


class Git:
    """A git process that was started; its answer is read when it is needed.

    Raises GitMissing when there is no git.
    """

    def __init__(
        self,
        directory: str,
        arguments: Sequence[str],
        *,
        talk: bool = False,
        env: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._command = arguments[0]
        answer, answer_in = os.pipe()
        trouble, trouble_in = os.pipe()
        question_out, question = os.pipe() if talk else (os.open(os.devnull, os.O_RDONLY), -1)
        actions = [
            (os.POSIX_SPAWN_DUP2, question_out, 0),
            (os.POSIX_SPAWN_DUP2, answer_in, 1),
            (os.POSIX_SPAWN_DUP2, trouble_in, 2),
        ]
        command = ["git", *ALWAYS, "-C", directory, *arguments]
        try:
            self._pid = os.posix_spawnp("git", command, environment(env), file_actions=actions)
        except (FileNotFoundError, PermissionError) as problem:
            for end in (answer, trouble, question):
                if end >= 0:
                    os.close(end)
            raise GitMissing from problem
        finally:
            for end in (question_out, answer_in, trouble_in):
                os.close(end)
        self._answer = open(answer, "rb")  # noqa: SIM115 - closed by finish()
        self._trouble = open(trouble, "rb")  # noqa: SIM115 - closed by finish()
        self._question = open(question, "wb", 0) if talk else None  # noqa: SIM115 - closed by finish()
        self._finished: tuple[int, bytes, str] | None = None

    def finish(self) -> tuple[int, bytes, str]:
        """Waits for the end: exit code, output, error text. May be called again."""
        if self._finished is None:
            if self._question:
                self._question.close()
            # git's errors fit a pipe's buffer, so reading one after the other cannot block.
            output, trouble = self._answer.read(), self._trouble.read()
            self._answer.close()
            self._trouble.close()
            code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
            self._finished = (code, output, trouble.decode(errors="replace").strip())
        return self._finished

    def output(self, *, accept: tuple[int, ...] = (0,)) -> bytes:
        """What it printed. Raises GitFailed unless it ended with one of `accept`."""
        code, output, trouble = self.finish()
        if code not in accept:
            raise GitFailed(last_words(trouble) or f"git {self._command} ended with code {code}")
        return output

    def ask(self, question: bytes) -> None:
        """Sends `question` to a process started with talk=True. Raises GitFailed when it has ended."""
        assert self._question is not None
        try:
            self._question.write(question)
        except BrokenPipeError:
            self._ended()

    def fields(self, count: int) -> list[bytes]:
        """All `count` fields of its answer to the last question, each ended by a NUL byte. Raises GitFailed when it
        has ended."""
        data = bytearray()
        while count > 0:
            more = self._answer.read1()
            if not more:
                self._ended()
            count -= more.count(b"\0")
            data += more
        return bytes(data).split(b"\0")[:-1]

    def line(self) -> bytes:
        """The next line of its answer. Raises GitFailed when it has ended."""
        line = self._answer.readline()
        if not line:
            self._ended()
        return line.rstrip(b"\n")

    def exactly(self, count: int) -> bytes:
        """The next `count` bytes of its answer. Raises GitFailed when it ended before."""
        data = self._answer.read(count)
        if len(data) < count:
            self._ended()
        return data

    def close(self) -> None:
        """Ends the process; what it still had to say is lost. May be called again."""
        if self._finished is None:
            if self._question:
                self._question.close()
            self._answer.close()
            self._trouble.close()
            os.waitpid(self._pid, 0)
            self._finished = (-1, b"", "it was closed")

    def __del__(self) -> None:
        if hasattr(self, "_finished"):
            self.close()

    def _ended(self) -> NoReturn:
        _, _, trouble = self.finish()
        raise GitFailed(last_words(trouble) or f"git {self._command} ended before it answered")


def git(directory: str, *arguments: str, env: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """The output of one git command run in `directory`. Raises GitMissing, GitFailed."""
    return Git(directory, arguments, env=env).output()


def last_words(trouble: str) -> str:
    """The fatal line of git's error text, without its prefix."""
    lines = [line for line in trouble.splitlines() if line.startswith(("fatal: ", "error: "))]
    return (lines[0] if lines else trouble).removeprefix("fatal: ").removeprefix("error: ")
