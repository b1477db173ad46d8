"""How much room the engine says things take: it adds that up file by file, and may take long for it."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from emulator.engine.docker_args import label_filter
from emulator.model.diagnostic import HostError
from emulator.world.docker import DiskSizes

from .docker_errors import asking


def disk_sizes(api: Any, endpoint: str, labels: Mapping[str, str], within_s: float) -> DiskSizes:
    """What is known within the time; each is asked for beside the others. Raises nothing."""
    found: dict[str, int] = {}
    questions: dict[str, Callable[[], int]] = {
        "written_bytes": lambda: written(_asked(api, "/containers/json", _of(labels))),
        "volume_bytes": lambda: in_volumes(_asked(api, "/system/df", {"type": "volume"}), labels),
        "cache_bytes": lambda: in_cache(_asked(api, "/system/df", {"type": "build-cache"})),
    }

    def ask(name: str) -> None:
        try:
            with asking(endpoint, "measuring"):
                found[name] = questions[name]()
        except (HostError, KeyError, TypeError, ValueError, AttributeError):
            return  # an engine that does not say, or is closed meanwhile

    threads = [threading.Thread(target=ask, args=(name,), name="sizes", daemon=True) for name in questions]
    end = time.monotonic() + within_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return DiskSizes(**dict(found))


def _of(labels: Mapping[str, str]) -> dict[str, Any]:
    return {"all": 1, "size": 1, "filters": json.dumps({"label": label_filter(labels)})}


def _asked(api: Any, path: str, params: Mapping[str, Any]) -> Any:
    return api._result(api._get(api._url(path), params=params), json=True)  # noqa: SLF001 - the SDK asks for all at once


def written(told: Any) -> int:
    """Bytes that containers wrote beside their images."""
    return sum(int(one.get("SizeRw") or 0) for one in told)


def in_volumes(told: Any, labels: Mapping[str, str]) -> int:
    """Bytes of the volumes that have the labels, "" for any value. Raises ValueError where one was not measured."""
    total = 0
    for one in told["Volumes"] or ():
        has = one.get("Labels") or {}
        if all(key in has and value in ("", has[key]) for key, value in labels.items()):
            size = int((one.get("UsageData") or {"Size": -1})["Size"])
            if size < 0:
                raise ValueError(one["Name"])
            total += size
    return total


def in_cache(told: Any) -> int:
    """Bytes of the builder's cache, without what images have as well."""
    return sum(int(one.get("Size") or 0) for one in told["BuildCache"] or () if not one.get("Shared"))
