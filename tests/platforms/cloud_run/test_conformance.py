"""The conformance cases of this platform, by their numbers: in the name of a test, or of one of its parameters."""

import re
from pathlib import Path

CASES = range(2, 41, 2)
TESTS = Path(__file__).parents[2]
_NAMED = re.compile(r'def test_cr_(\d+)_|id="CR-(\d+)')


def test_every_case_has_a_test_that_is_named_for_it() -> None:
    files = [*Path(__file__).parent.glob("test_*.py"), *TESTS.glob("test_*.py")]
    numbers = {int(one or other) for file in files for one, other in _NAMED.findall(file.read_text())}
    assert numbers == set(CASES)
