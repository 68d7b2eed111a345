"""A live shop moves in, start to finish: a legacy shop of the demo's own under steady traffic, the commands a user would type,
and at the end every acknowledged write looked for on the side that owns it, and on the other.
"""

from banyan.trial.moving.day import moving_day
from banyan.trial.moving.evidence import Evidence, Handed, Wish

__all__ = ["Evidence", "Handed", "Wish", "moving_day"]
