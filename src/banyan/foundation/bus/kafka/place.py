"""How far a follower is, as text: the next offset of every partition, after the name of the bus it was taken on."""

from collections.abc import Mapping

from aiokafka import TopicPartition

from banyan.foundation.bus import OtherBus

Place = Mapping[TopicPartition, int]
"""The offset that comes next, by partition. One that is not in it was not there yet: all of it comes next."""


def same(one: Place, other: Place) -> bool:
    return all(one.get(each, 0) == other.get(each, 0) for each in {*one, *other})


def written(name: str, prefix: str, place: Place) -> str:
    """`kafka/banyan/1f2e3d4c:catalog=15,3,0;orders=7,7,9`: offsets in the order of the partitions, from the first."""
    topics: dict[str, dict[int, int]] = {}
    for each, offset in place.items():
        topics.setdefault(each.topic.removeprefix(f"{prefix}."), {})[each.partition] = offset
    told = (
        f"{owner}={','.join(str(offsets.get(number, 0)) for number in range(max(offsets) + 1))}"
        for owner, offsets in sorted(topics.items())
    )
    return f"{name}:{';'.join(told)}"


def is_of(name: str, text: str) -> bool:
    return text.startswith(f"{name}:")


def read(name: str, prefix: str, text: str) -> Place:
    """OtherBus when it was not taken here."""
    if not is_of(name, text):
        raise OtherBus(f"this place was taken on another bus than {name}")
    place: dict[TopicPartition, int] = {}
    for topic in filter(None, text.removeprefix(f"{name}:").split(";")):
        owner, _, offsets = topic.partition("=")
        for number, offset in enumerate(offsets.split(",")):
            place[TopicPartition(f"{prefix}.{owner}", number)] = int(offset)
    return place
