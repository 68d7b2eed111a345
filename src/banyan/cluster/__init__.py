"""The shop as separate services on real engines, all of them started here: what compose.yaml is to a machine with Docker.

`banyan cluster up` is for looking, for tests and for faults. Nothing in it is needed where engines and services are run by
others: a service knows URLs and nothing of this.
"""
