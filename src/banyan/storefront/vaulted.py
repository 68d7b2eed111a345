"""A card that was sent twice with one form becomes one token, so that the order placed with it stays one order."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from banyan.kernel.refusals import Unavailable
from banyan.storefront.shop_api.shapes import VaultCard

MOST = 2_000


class VaultedCards:
    """Tokens by the key of their form: the vault keeps no idempotency keys, because a kept key would hold a digest of a card."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, asyncio.Future[VaultCard]] = OrderedDict()

    async def once(self, key: str, vault: Callable[[], Awaitable[VaultCard]]) -> VaultCard:
        """The token for this form: of the first time it came, or of the time before that is still on its way."""
        known = self._kept.get(key)
        if known is not None:
            return await asyncio.shield(known)
        made: asyncio.Future[VaultCard] = asyncio.get_running_loop().create_future()
        self._kept[key] = made
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
        try:
            card = await vault()
        except BaseException as refused:
            self._kept.pop(key, None)
            made.set_exception(refused if isinstance(refused, Exception) else Unavailable("the first try was given up"))
            made.exception()  # whoever waits is told; when nobody does, nothing is to be said about it
            raise
        made.set_result(card)
        return card
