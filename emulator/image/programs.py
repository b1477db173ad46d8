"""Programs that a build runs and whose every effect nobody can know: interpreters, compilers, installers.

Evidence: inferred. They make files and take none of the sources away; what is known to be there stays.
"""

import re

from .arguments import NotSure
from .effects import Effect, Unknown
from .shell import Command
from .system_tools import INSTALLED

_ONLY_DATA = {
    "collectstatic", "compilemessages", "compress", "migrate", "check", "createcachetable", "loaddata",
    "assets", "compilejsi18n", "update_index", "collectmedia", "thumbnail", "showmigrations", "clearsessions",
    "flush", "test", "tailwind", "compilescss", "sass", "distill-local", "crontab", "rebuild_index",
    "createsuperuser",
}  # fmt: skip
"""Subcommands of Django's manage.py that write data, never modules (docs.djangoproject.com, "django-admin", and the
packages of that name)."""

_DATA_MODULES = {
    "compileall", "nltk.downloader", "playwright", "textblob.download_corpora", "json.tool", "pytest",
    "unittest", "black", "flake8", "mypy", "ruff",
}  # fmt: skip

_DATA_PROGRAMS = {
    "playwright", "fc-cache", "mkdocs", "sphinx-build", "tailwindcss", "sass", "pytest", "ruff", "mypy",
    "flake8", "black", "msgfmt", "pybabel", "alembic", "openssl", "ssh-keyscan", "ssh-keygen", "keytool",
    "gzip", "brotli", "upx", "strip", "update-mime-database", "dbus-uuidgen", "mandb", "tzdata", "chromium",
    "wait-for-it", "psql", "mysql", "redis-cli",
}  # fmt: skip

_MAKERS = {
    "python", "pypy", "node", "npx", "bun", "bunx", "deno", "tsc", "vite", "next", "nuxt", "ng", "esbuild",
    "webpack", "rollup", "parcel", "astro", "gatsby", "prisma", "nx", "turbo", "lerna", "corepack", "nvm", "go",
    "cargo", "rustup", "rustc", "gcc", "g++", "cc", "clang", "cmake", "meson", "ninja", "java", "javac", "mvn",
    "gradle", "kotlinc", "sbt", "dotnet", "ruby", "bundle", "bundler", "gem", "rake", "rails", "composer",
    "php", "artisan", "mix", "elixir", "hex", "rebar3", "stack", "cabal", "ghc", "swift", "flask",
    "django-admin", "pyinstaller", "cython", "protoc", "buf", "conda", "mamba", "micromamba", "pipx", "hatch",
    "rye", "pixi", "flit", "pre-commit", "aws", "gcloud", "gsutil", "docker-php-ext-install",
    "docker-php-ext-enable", "docker-php-ext-configure", "pecl", "pear", "install-php-extensions",
}  # fmt: skip

_SHELLS = {"sh", "bash", "dash", "ash"}
_LOCAL = tuple(f"/usr/local/{name}" for name in ("bin", "etc", "include", "lib", "man", "sbin", "share"))
_INSTALLERS_WRITE = (*INSTALLED, *_LOCAL, "/root", "/home", "/opt")
_ANYWHERE = ("/",)


def program_effects(command: Command, name: str) -> list[Effect]:
    """What running a program may do. Raises NotSure for one that may do anything."""
    texts = [word.text or "" for word in command.words[1:]]
    if name in _DATA_PROGRAMS or (name == "python" and _writes_data(texts)):
        return [Unknown(paths=_ANYWHERE, why=f"{name} writes files", keeps=True, data=True)]
    if (name in _SHELLS and (not texts or texts[0] in ("-", "-s"))) or (name == "python" and texts[:1] == ["-"]):
        return _installed(command, name)
    if name in _MAKERS:
        return [Unknown(paths=_ANYWHERE, why=f"{name} runs a program", keeps=True)]
    raise NotSure(f"what {name} does is not known")


def _writes_data(texts: list[str]) -> bool:
    """`python manage.py collectstatic`, `python -m nltk.downloader`."""
    plain = [text for text in texts if text not in ("-u", "-B", "-O")]
    if plain[:1] == ["-m"]:
        return plain[1:2] != [] and plain[1] in _DATA_MODULES
    is_manage = bool(plain) and re.fullmatch(r"(?:.*/)?manage\.py", plain[0]) is not None
    return is_manage and len(plain) > 1 and plain[1] in _ONLY_DATA


def _installed(command: Command, name: str) -> list[Effect]:
    """`curl … | sh`: an installer. It puts programs where those go, or into bin/ where it runs."""
    here = (f"{command.cwd.rstrip('/')}/bin",) if command.cwd is not None else ()
    paths = (*_INSTALLERS_WRITE, *here) if command.concurrent else _ANYWHERE
    return [Unknown(paths=paths, why=f"{name} runs what it is sent", keeps=True)]
