"""Card numbers typed into everything that takes text: whether any is found anywhere but sealed in the vault."""

from banyan.trial.cards.running import Verdict, cards_trial

__all__ = ["Verdict", "cards_trial"]
