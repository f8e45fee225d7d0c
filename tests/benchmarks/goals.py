"""What a benchmark found, line by line, and whether it is what we want."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """`value` may be a ratio or carry a unit; `least` and `most` are the goal."""

    name: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None
    detail: str = ""

    @property
    def is_missed(self):
        is_too_much = self.most is not None and self.value > self.most
        is_too_little = self.least is not None and self.value < self.least
        return is_too_much or is_too_little

    def __str__(self):
        goals = {"at most": self.most, "at least": self.least}
        goal = ", ".join(f"goal {words} {n:g}" for words, n in goals.items() if n is not None)
        verdict = " MISSED" if self.is_missed else ""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.name}: {self.value:.3g}{self.unit}; {goal or 'no goal'}{verdict}{detail}"


@dataclass(frozen=True)
class Report:
    title: str
    lines: tuple

    def __str__(self):
        return "\n".join([self.title, *(f"  {line}" for line in self.lines)])
