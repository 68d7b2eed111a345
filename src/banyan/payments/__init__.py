"""Payments: an order's money is taken once or not at all, and given back at most once, whatever happens on the way.

Never here: a card number kept, a provider asked inside a transaction, an answer believed that does not fit.
"""
