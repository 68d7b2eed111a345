"""Where a path spends its time: py-spy's samples of a driven shop, as a flame graph and as own time by layer."""

from banyan.trial.profiling.flames import Frame as Frame
from banyan.trial.profiling.flames import WrongFlames as WrongFlames
from banyan.trial.profiling.flames import frames as frames
from banyan.trial.profiling.flames import layer as layer
from banyan.trial.profiling.sampling import CannotSample as CannotSample
from banyan.trial.profiling.sampling import Profile as Profile
from banyan.trial.profiling.sampling import profile as profile
