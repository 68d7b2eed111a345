"""Faults in a cluster under load: each service and each engine in turn, and what shoppers saw of it."""

from banyan.trial.faults.known import FAULTS, Fault, chosen
from banyan.trial.faults.running import fault_trial
from banyan.trial.faults.verdict import Struck, Verdict

__all__ = ["FAULTS", "Fault", "Struck", "Verdict", "chosen", "fault_trial"]
