"""Debezium's change events as a source of the stream: the same transactions with the same bytes as from the binlog, or a halt."""

from banyan.move.debezium.feed import Feed, Message, feed
from banyan.move.debezium.stream import Stream

__all__ = ["Feed", "Message", "Stream", "feed"]
