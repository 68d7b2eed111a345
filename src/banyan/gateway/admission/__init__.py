"""Who is let in when not everyone can be: what matters most first, and no more at once than the shop can carry.

A shop that takes on all that comes does everything too late, goes on working for people who have left, and stays slow
when the crowd is gone (Bronson et al., "Metastable Failures in Distributed Systems", HotOS 2021). So requests in progress
are limited; the limit follows what is measured; the rest wait, briefly, in lines that are short; and whoever finds no room
is told so at once, and when to come again.
"""

from banyan.gateway.admission.door import Door, Overloaded
from banyan.gateway.admission.priority import Priority, priority_of
from banyan.gateway.admission.waiting_room import WaitingRoom

__all__ = ["Door", "Overloaded", "Priority", "WaitingRoom", "priority_of"]
