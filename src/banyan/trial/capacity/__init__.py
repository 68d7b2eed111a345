"""How many tasks a shop needs for so many shoppers: what requests cost, a queueing model over it, and scaling over time."""

from banyan.trial.capacity.model import FULLEST as FULLEST
from banyan.trial.capacity.model import WORDS as WORDS
from banyan.trial.capacity.model import Act as Act
from banyan.trial.capacity.model import Cost as Cost
from banyan.trial.capacity.model import Plan as Plan
from banyan.trial.capacity.model import burden as burden
from banyan.trial.capacity.model import full_cost as full_cost
from banyan.trial.capacity.model import needed as needed
from banyan.trial.capacity.model import plan as plan
from banyan.trial.capacity.model import stretched as stretched
from banyan.trial.capacity.scaling import Followed as Followed
from banyan.trial.capacity.scaling import Moment as Moment
from banyan.trial.capacity.scaling import Policy as Policy
from banyan.trial.capacity.scaling import followed as followed
from banyan.trial.capacity.scaling import scaled as scaled
from banyan.trial.capacity.scaling import spike as spike
