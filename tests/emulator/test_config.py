"""emu.toml: read when it is there, refused with its line when it cannot be understood."""

import tomllib

import jsonschema
import pytest

from emulator.config import SCHEMA, read_config
from emulator.model.diagnostic import UsageError
from emulator.snapshot import from_mapping


def test_without_a_file_nothing_is_set():
    """A repository without emu.toml replaces no base image."""
    assert read_config(from_mapping({"app.py": ""})).base_images == {}


def test_base_images_are_read():
    """[base-images] maps a FROM reference to the image that is built on instead."""
    repo = from_mapping({"emu.toml": '[base-images]\n"python:3.13-slim" = "mirror/python:3"\n'})
    assert read_config(repo).base_images == {"python:3.13-slim": "mirror/python:3"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[base-images\n", "line 1"),
        ("[base_images]\n", "base_images"),
        ("[base-images]\na = 3\n", "maps an image"),
        ('base-images = "x"\n', "maps an image"),
    ],
)
def test_what_cannot_be_understood_is_refused(text: str, told: str):
    """A mistake in emu.toml is wrong usage and names what is wrong."""
    with pytest.raises(UsageError, match=told) as refused:
        read_config(from_mapping({"emu.toml": text}))
    assert refused.value.exit_code == 2


_FILES = (
    "",
    '[base-images]\n"python:3.13-slim" = "mirror/python:3"\n',
    '[check]\nignore = [{ code = "a/b", reason = "so" }]\n[base-images]\n',
    "[check]\n",
    "[base_images]\n",
    "[base-images]\na = 3\n",
    '[base-images]\na = ""\n',
    'base-images = "x"\n',
    "check = 1\n",
    "[check]\nignored = []\n",
    "[check]\nignore = {}\n",
    '[check]\nignore = [{ code = "a/b" }]\n',
    '[check]\nignore = [{ code = "a/b", reason = " " }]\n',
    '[check]\nignore = [{ code = "a/b", reason = "so", until = "May" }]\n',
    '[check]\nignore = ["a/b"]\n',
)


@pytest.mark.parametrize("text", _FILES)
def test_an_editor_is_told_the_same(text: str):
    """The published schema takes a file exactly when it is read without a word."""
    try:
        read_config(from_mapping({"emu.toml": text}))
        is_read = True
    except UsageError:
        is_read = False
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(tomllib.loads(text)) is is_read


def test_text_that_is_not_utf_8_is_refused():
    """A file that is not text is named with its line."""
    with pytest.raises(UsageError, match=r"emu\.toml:1"):
        read_config(from_mapping({"emu.toml": b"\xff\xfe"}))
