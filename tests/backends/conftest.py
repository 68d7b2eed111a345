"""Servers that several suites here share; each is started once, when the first test wants it."""

from tests.backends.aws_server import aws
from tests.backends.dynamodb_server import dynamodb
from tests.backends.kafka_server import kafka
from tests.backends.opensearch_server import opensearch
from tests.backends.redis_server import redis
from tests.backends.smtp_server import smtp

__all__ = ["aws", "dynamodb", "kafka", "opensearch", "redis", "smtp"]
