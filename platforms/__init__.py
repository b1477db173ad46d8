"""The platforms emu knows. Adding one: its folder, and one line here."""

from emulator.contract import Platform

from . import cloud_run, render

PLATFORMS: dict[str, Platform] = {
    "render": render,
    "cloud-run": cloud_run,
}
