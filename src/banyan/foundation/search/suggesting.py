"""Which texts complete what was typed so far."""

from collections.abc import Iterable, Iterator, Sequence

from banyan.foundation.search.words import body_words, fold, query_chunks


def typed(prefix: str) -> list[str]:
    """The words typed so far; the last of them may be unfinished."""
    return [word for chunk in query_chunks(prefix) for word in chunk.words]


def completes(text: str, words: Sequence[str]) -> bool:
    """Whether a text holds these words, the last one at least as a beginning."""
    held = body_words(text)
    return all(word in held for word in words[:-1]) and any(word.startswith(words[-1]) for word in held)


def choose(candidates: Iterable[Sequence[str]], limit: int) -> tuple[str, ...]:
    """The first of each text that shoppers would take for the same, in order of the candidates."""
    return tuple(_distinct(text for some in candidates for text in some))[: max(0, limit)]


def _distinct(texts: Iterable[str]) -> Iterator[str]:
    seen = set()
    for text in texts:
        key = " ".join(fold(text).split())
        if key and key not in seen:
            seen.add(key)
            yield text
