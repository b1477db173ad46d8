"""How a platform writes down its rules: one call a row, all of one platform with one prefix and one day."""

from emulator.model.rule import Evidence, Fidelity, Rule


class RuleBook:
    """Makes the rules of a platform and keeps them in the order they were written.

    name: the platform's, the prefix of every id. checked: the ISO date its sources were last read.
    """

    def __init__(self, name: str, checked: str) -> None:
        self._name = name
        self._checked = checked
        self._rules: list[Rule] = []

    def __call__(
        self,
        name: str,
        statement: str,
        source: str,
        evidence: Evidence,
        fidelity: Fidelity = Fidelity.EXACT,
        *,
        note: str = "",
    ) -> Rule:
        """A rule of this book; see `Rule` for what each part means."""
        rule = Rule(
            id=f"{self._name}/{name}",
            statement=statement,
            source=source,
            checked=self._checked,
            evidence=evidence,
            fidelity=fidelity,
            note=note,
        )
        self._rules.append(rule)
        return rule

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(self._rules)
