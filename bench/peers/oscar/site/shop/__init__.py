"""A shop on django-oscar as its guide tells to set one up, with its REST API beside it."""
