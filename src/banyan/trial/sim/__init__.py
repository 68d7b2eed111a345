"""The simulator: the real services on a virtual clock, in an order that a seed decides, with faults that it decides too.

Only one actor runs at a time and yields only at points outside any transaction, so a seed gives the same run each time.
"""
