"""The same mixes for tools that teams have already: a JMeter plan and a Locust file, written from a mix and run."""

from banyan.trial.outsiders.running import NotHere as NotHere
from banyan.trial.outsiders.running import Report as Report
from banyan.trial.outsiders.running import Tool as Tool
from banyan.trial.outsiders.running import send as send
from banyan.trial.outsiders.running import written as written
