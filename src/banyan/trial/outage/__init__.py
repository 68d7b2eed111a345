"""A payment provider away: whether the shop goes on selling through another one, and nobody who only looks notices."""

from banyan.trial.outage.judging import Verdict, Wish
from banyan.trial.outage.running import outage_trial

__all__ = ["Verdict", "Wish", "outage_trial"]
