"""Real git repositories for tests."""

import os
import subprocess
from pathlib import Path


class Repo:
    """A git repository at `path`, free of this machine's git configuration."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def git(self, *arguments: str, given: bytes = b"", env: dict[str, str] | None = None) -> str:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        clean |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", **(env or {})}
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=self.path, input=given, env=clean, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return os.fsdecode(done.stdout)

    def init(self, *options: str) -> "Repo":
        self.git("init", "-q", "-b", "main", *options)
        return self

    def write(self, files: dict[str, str | bytes]) -> "Repo":
        for name, content in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def commit(self, message: str = "a change") -> str:
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def listed(self, *options: str) -> set[str]:
        return {name for name in self.git("ls-files", "-z", *options).split("\0") if name}

    def fingerprint(self) -> dict[str, tuple[int, bytes]]:
        """Every file of .git with its time and content: what must not change."""
        files = [file for file in (self.path / ".git").rglob("*") if file.is_file()]
        return {str(file): (file.stat().st_mtime_ns, file.read_bytes()) for file in files}
