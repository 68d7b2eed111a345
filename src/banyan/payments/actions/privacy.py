"""What payments keeps of a person, told and forgotten: amounts stay, whose they are does not."""

from banyan.contracts.privacy import Documents, ForgetPayments, Forgotten, TellPayments
from banyan.foundation.service import Ports
from banyan.payments.providers import vaulted
from banyan.payments.storage import methods as saved
from banyan.payments.storage import people


async def tell_person(ports: Ports, call: TellPayments) -> Documents:
    """Answer TellPayments."""
    payments = await people.payments(ports.db, call.order_ids)
    methods = await people.methods(ports.db, call.person.user_id)
    return Documents(
        items={
            "payments": tuple(row["payment"] for row in payments),
            "methods": tuple(row["method"] for row in methods),
        }
    )


async def forget_person(ports: Ports, call: ForgetPayments) -> Forgotten:
    """Answer ForgetPayments. Cards in our vault are destroyed first: Unavailable, to be asked again, while it is away."""
    for row in await saved.of_user(ports.db, call.person.user_id):
        if vaulted.is_ours(row["token"]):
            await vaulted.forget(ports, row["token"])
    async with ports.db.transaction() as tx:
        await people.forget(tx, call.person.user_id, call.order_ids)
    return Forgotten(done=True)
