"""What will go wrong, found in the plan and the repository's files: one small rule at a time, silent unless sure.

`check` gives the findings of one service. A rule is a row of data and a function (`rule`, `registry`); what it looks at
is a `subject`. `silencing` takes out what the user has answered for.
"""

from .checking import check, checked, checked_each
from .registry import rule_of, rules
from .rule import CheckRule, Sample

__all__ = ["CheckRule", "Sample", "check", "checked", "checked_each", "rule_of", "rules"]
