"""What a project's own tests get of emu: its services as the platform would run them, with their faults.

`plugin` is the pytest plugin, `running` what its fixtures give. With any other test runner:

    with Up("path/to/repository") as up:
        httpx.get(up.url + "/health")
"""

from .running import DeployFailed, Up

__all__ = ["DeployFailed", "Up"]
