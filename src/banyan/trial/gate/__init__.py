"""The regression gate: what requests cost here beside what they cost in another source tree, by ratio in one run."""

from banyan.trial.gate.judging import Figures as Figures
from banyan.trial.gate.judging import Turn as Turn
from banyan.trial.gate.judging import Verdict as Verdict
from banyan.trial.gate.judging import judge as judge
from banyan.trial.gate.trees import CannotCompare as CannotCompare
from banyan.trial.gate.trees import other as other
from banyan.trial.gate.turns import Compared as Compared
from banyan.trial.gate.turns import Turns as Turns
from banyan.trial.gate.turns import chosen as chosen
from banyan.trial.gate.turns import compare as compare
