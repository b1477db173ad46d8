"""The real world: what is behind each doorway that `request.World` has."""

import os
from functools import cache
from typing import TYPE_CHECKING

from .request import World

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from .contract import Platform
    from .edge.interrupts import Interrupts
    from .edge.terminal import StandardTerminal
    from .engine.job import Packer, PreparedContext
    from .model.change import FileChange
    from .model.history import History
    from .model.plan import Service
    from .model.remembered import Remembered
    from .request import Hooks, LessonStore, Project
    from .snapshot import Snapshot
    from .world.asking import LoadRequest, RunningLoad, Unreached
    from .world.clock import Clock
    from .world.docker import Docker
    from .world.front import PublishedSite


def real_world(terminal: "StandardTerminal", interrupts: "Interrupts") -> World:
    """All doorways. What is behind one is loaded when somebody goes through it."""
    from platforms import PLATFORMS

    from .edge.adapters import installed

    others = installed(PLATFORMS, os.environ)
    for problem in others.problems:
        terminal.err(f"warning: {problem}\n")
    return World(
        environ=os.environ,
        terminal=terminal,
        platforms={**PLATFORMS, **others.platforms},
        open_repository=_open_repository,
        read_text=_read_text,
        read_bytes=_read_bytes,
        write_text=_write_text,
        hooks=_hooks,
        read_input=_read_input,
        connect=_connect,
        project=_project,
        ask_running_up=_ask_running_up,
        history=_history,
        state_size=_state_size,
        remembered=_remembered,
        end_running_up=_end_running_up,
        absolute=os.path.abspath,
        is_folder=os.path.isdir,
        prepare_context=_prepare_context,
        clock=_clock,
        interrupted_again=interrupts.again,
        publish=_publish,
        packer=_packer,
        unreached=_unreached,
        output_of=_output_of,
        watch=_watch,
        browse=_browse,
        interrupt=interrupts.ask,
        changes=_changes,
        merge_base=_merge_base,
        write_file=_write_file,
        lessons=_lessons,
        sample_texts=_sample_texts,
        load=_load,
    )


def _open_repository(path: str, root: str | None, snapshot: str) -> "Snapshot":
    from .edge.disk import open_repository

    return open_repository(path, root=root, snapshot=snapshot)


def _output_of(argv: tuple[str, ...]) -> str:
    from .edge.programs import output_of

    return output_of(argv)


def _unreached(host: str | None, port: int) -> "Unreached | None":
    from .edge.reaching import unreached

    return unreached(host, port)


def _watch(
    root: str, end: "threading.Event", given: "Collection[str]", note: "Callable[[str], None]"
) -> "Iterator[frozenset[str]]":
    from .edge.watching import watch

    return watch(root, end, given, note)


def _browse(url: str) -> bool:
    from .edge.browser import browse

    return browse(url, os.environ)


def _changes(before: "Snapshot", after: "Snapshot") -> "tuple[FileChange, ...]":
    from .edge.changes import changes

    return changes(before, after)


def _merge_base(root: str, one: str, other: str) -> str:
    from .edge.changes import merge_base

    return merge_base(root, one, other)


def _sample_texts(platforms: "Iterable[Platform]") -> tuple[str, ...]:
    from .edge.samples import sample_texts

    return sample_texts(platforms)


def _lessons(folder: str | None) -> "LessonStore":
    from .edge.lessons import Lessons

    return Lessons(folder, os.environ)


def _load(address: tuple[str, int], request: "LoadRequest") -> "RunningLoad":
    from .edge.load import RequestLoad

    return RequestLoad(address, request, _clock())


def _write_file(root: str, path: str, content: bytes, *, executable: bool) -> None:
    from .edge.files import write_file

    write_file(root, path, content, executable=executable)


def _read_text(path: str, what: str) -> str:
    from .edge.files import read_text

    return read_text(path, what)


def _read_bytes(path: str, what: str) -> bytes:
    from .edge.files import read_bytes

    return read_bytes(path, what)


def _write_text(path: str, text: str, what: str, *, append: bool = False, folders: bool = False) -> None:
    from .edge.files import write_text

    write_text(path, text, what, append=append, folders=folders)


def _hooks(path: str) -> "Hooks":
    from .edge.hooks import GitHooks

    return GitHooks(path)


def _read_input() -> str:
    from .edge.hooks import read_input

    return read_input()


def _connect() -> "Docker":
    from .edge.docker import open_docker

    return open_docker(os.environ)


def _project(id: str) -> "AbstractContextManager[Project]":
    from .edge.project import open_project

    return open_project(id, os.environ)


def _ask_running_up(project: str, question: bytes) -> "Iterator[bytes] | None":
    from .edge.control import ask_running
    from .edge.state import ProjectState

    return ask_running(ProjectState(project, os.environ), question)


def _state_size(project: str) -> int:
    from .edge.state import ProjectState

    return ProjectState(project, os.environ).size()


def _history(project: str) -> "History":
    from .edge.project import read_history
    from .edge.state import ProjectState

    return read_history(ProjectState(project, os.environ))


def _remembered(project: str) -> "Remembered":
    from .edge.project import read_remembered
    from .edge.state import ProjectState

    return read_remembered(ProjectState(project, os.environ))


def _end_running_up(root: str | None) -> int:
    from .edge.project import end_running
    from .engine.labels import project_id

    return end_running(project_id(root) if root is not None else None, os.environ)


def _prepare_context(repo: "Snapshot", service: "Service") -> "AbstractContextManager[PreparedContext]":
    from .edge.context import Generated, prepare_context

    build = service.build
    generated = build.generated_dockerfile
    dockerfile = Generated(text=generated) if generated is not None else build.dockerfile or "Dockerfile"
    return prepare_context(repo, context=build.context or ".", dockerfile=dockerfile, upload_rules=build.upload_rules)


def _publish(docker: "Docker", image: str, path: str, labels: "Mapping[str, str]") -> "PublishedSite | None":
    from .edge.site import publish

    return publish(docker, image, path, labels)


def _packer(docker: "Docker") -> "Packer | None":
    from .edge.docker import Engine
    from .edge.pack import Pack

    return Pack(docker, docker.endpoint, os.environ) if isinstance(docker, Engine) else None


@cache
def _clock() -> "Clock":
    from .edge.clock import SystemClock

    return SystemClock()
