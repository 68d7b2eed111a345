"""What must hold in the vault's database."""

from banyan.foundation.service import Invariant

INVARIANTS = (
    Invariant(
        "V1",
        "every card in the vault was written down when it came, and every one that was sent has its purpose",
        """SELECT token FROM card WHERE NOT EXISTS (SELECT FROM audit WHERE audit.token = card.token AND deed = 'made')
           UNION ALL SELECT token FROM audit WHERE deed = 'forwarded' AND (purpose IS NULL OR host IS NULL)""",
    ),
    Invariant(
        "V2",
        "a card that nobody keeps is gone within a day and an hour",
        "SELECT token FROM card WHERE gone_at < shop_now() - interval '1 hour' OR (shopper IS NULL) <> (gone_at IS NOT NULL)",
    ),
)
