"""Values as JSON."""

import json
import os

from emulator.model.origin import Origin
from emulator.model.record import to_json


def test_a_name_that_is_no_utf8_is_printed():
    """A lone byte of a file's name or an argument becomes the replacement character, and the rest stays."""
    name = os.fsdecode(b"a\xff/\xc3\xa9")
    value = {"schema": "x/1", name: [Origin(file=name, line=3, column=1)], "n": (1, None, True)}
    printed = json.loads(to_json(value).decode())
    assert list(printed) == ["schema", "a\ufffd/é", "n"]
    assert printed["a\ufffd/é"][0] == json.loads(to_json(Origin(file="a\ufffd/é", line=3, column=1)))
    assert printed["n"] == [1, None, True]
