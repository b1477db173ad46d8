"""Values of a project that are made or asked for once and then kept, outside the repository."""

from msgspec import field

from .record import Record


class Remembered(Record, frozen=True, kw_only=True):
    """generated: random values, by `EnvVar.made_as`. answers: what a person answered, by service and variable; "" where
    it was left unset. Does not print them."""

    generated: dict[str, str] = field(default_factory=dict)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Remembered({len(self.generated)} generated, {sum(map(len, self.answers.values()))} answers)"

    def answer(self, service: str, name: str) -> str | None:
        return self.answers.get(service, {}).get(name)

    def with_answers(self, answers: dict[str, dict[str, str]]) -> "Remembered":
        merged = {service: {**self.answers.get(service, {}), **given} for service, given in answers.items()}
        return Remembered(generated=self.generated, answers={**self.answers, **merged})

    def with_generated(self, name: str, value: str) -> "Remembered":
        return Remembered(generated={**self.generated, name: value}, answers=self.answers)

    def without(self, names: set[str]) -> "Remembered":
        """Without what is kept of variables of these names, whosever they are."""
        kept = {service: {n: v for n, v in of.items() if n not in names} for service, of in self.answers.items()}
        return Remembered(
            generated={made_as: v for made_as, v in self.generated.items() if split(made_as)[1] not in names},
            answers={service: of for service, of in kept.items() if of},
        )


def made_as(owner: str, variable: str) -> str:
    """The name of a random value."""
    return f"{owner}/{variable}"


def split(made_as: str) -> tuple[str, str]:
    """Whose it is, and the variable."""
    owner, _, name = made_as.rpartition("/")
    return owner, name
