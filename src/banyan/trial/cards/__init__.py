"""Card numbers typed into everything that takes text: whether any is found anywhere but sealed in the vault."""

from banyan.trial.cards.running import cards_trial
from banyan.trial.cards.verdict import Verdict

__all__ = ["Verdict", "cards_trial"]
