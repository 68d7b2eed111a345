"""A model of how a group changes hands, searched state by state: the specification of `move/cutover` and `move/way_back`."""

from banyan.trial.cutover_model.search import Verdict, explore
from banyan.trial.cutover_model.state import LARGE, SMALL, Bound
from banyan.trial.cutover_model.wrongs import MUTANTS, Caught, catch

__all__ = ["LARGE", "MUTANTS", "SMALL", "Bound", "Caught", "Verdict", "catch", "explore"]
