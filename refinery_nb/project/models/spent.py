"""What answers of a language model cost: tokens, and money where somebody said what they do."""

from __future__ import annotations

from dataclasses import dataclass

from refinery_nb.project.models.question import Answer

MILLION = 1_000_000


@dataclass(slots=True)
class Spent:
    """What answers cost.

    Attributes
    ----------
    answers
        How many there are.
    read, wrote
        Their tokens.
    """

    answers: int = 0
    read: int = 0
    wrote: int = 0

    def add(self, answer: Answer) -> None:
        """Count an answer."""
        self.answers += 1
        self.read += answer.read
        self.wrote += answer.wrote

    def join(self, other: Spent) -> None:
        """Count the answers of another."""
        self.answers += other.answers
        self.read += other.read
        self.wrote += other.wrote

    def cost(self, price: tuple[float, float] | None) -> float | None:
        """Return what it costs, or None if nobody said what a token does."""
        if price is None:
            return None
        return (self.read * price[0] + self.wrote * price[1]) / MILLION

    def times(self, count: int) -> Spent:
        """Return what so many answers would cost, judging by these."""
        share = count / max(self.answers, 1)
        return Spent(count, round(self.read * share), round(self.wrote * share))

    def told(self, price: tuple[float, float] | None) -> str:
        """Return it for people.

        >>> Spent(2, 1500, 20).told((1.0, 2.0))
        '1,500 + 20 tokens, cost 0.0015'
        """
        cost = self.cost(price)
        end = "" if cost is None else f", cost {cost:.4f}" if cost < 1 else f", cost {cost:,.2f}"
        return f"{self.read:,} + {self.wrote:,} tokens{end}"
