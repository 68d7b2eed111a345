"""Payment attempts by the thousand at four played providers, on a virtual clock and in all kinds of trouble.

The providers' own books are the judges: nobody pays twice, nobody pays for nothing, and every minor unit is explained.
"""

from banyan.trial.money.running import Verdict, money_trial

__all__ = ["Verdict", "money_trial"]
