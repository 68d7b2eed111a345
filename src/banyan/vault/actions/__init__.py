"""What may be asked of the vault: put a card in, keep it, send it to a provider, forget it; wrap all keys anew, try them all."""

from banyan.vault.actions.cards import forget_card, keep_card, put_in, redeem, refer, sweep
from banyan.vault.actions.check import check
from banyan.vault.actions.forward import allowed, forward_card
from banyan.vault.actions.rotate import rotate

__all__ = [
    "allowed",
    "check",
    "forget_card",
    "forward_card",
    "keep_card",
    "put_in",
    "redeem",
    "refer",
    "rotate",
    "sweep",
]
