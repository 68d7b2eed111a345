"""What checkouts ask: who a user is and where their parcels go."""

from banyan.contracts.users import Address, AskShopper, Shopper
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound
from banyan.users.storage import accounts, addresses


async def answer_shopper(ports: Ports, call: AskShopper) -> Shopper:
    """NotFound when there is no such user, or the account is closed."""
    account = await accounts.by_id(ports.db, call.user_id)
    if account is None or not account.active:
        raise NotFound("there is no such user")
    default = await addresses.default(ports.db, account.id)
    where = Address.model_validate(default.model_dump()) if default else None
    return Shopper(user_id=account.id, email=account.email, name=account.name, address=where)
