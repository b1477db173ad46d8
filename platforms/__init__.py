"""The platforms emu knows. Adding one: its folder, and one line here."""

from emulator.contract import Platform

from . import render

PLATFORMS: dict[str, Platform] = {"render": render}
