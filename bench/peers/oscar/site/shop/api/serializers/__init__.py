"""Serializers that take the place of the package's."""
