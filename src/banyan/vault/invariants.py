"""What must hold in the vault's database. That its keys open what lies there no query shows: `banyan vault check` does."""

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
    Invariant(
        "V3",
        "a card is there until it is written down as forgotten, and not after that",
        """SELECT token, 'lost' AS wrong FROM audit AS made WHERE deed = 'made'
             AND NOT EXISTS (SELECT FROM card WHERE card.token = made.token)
             AND NOT EXISTS (SELECT FROM audit WHERE audit.token = made.token AND deed = 'forgotten')
           UNION ALL
           SELECT token, 'still there' FROM card
           WHERE EXISTS (SELECT FROM audit WHERE audit.token = card.token AND deed = 'forgotten')""",
    ),
    Invariant(
        "V4",
        "once a card is forgotten it is not kept, handed over or sent any more",
        """SELECT used.id, used.token, used.deed FROM audit AS used
           JOIN audit AS gone ON gone.token = used.token AND gone.deed = 'forgotten' AND gone.id < used.id
           WHERE used.deed IN ('made', 'kept', 'redeemed', 'forwarded')""",
    ),
    Invariant(
        "V5",
        "whose card it is was written down when it was kept, and no answer without what was sent before it",
        """SELECT token FROM card WHERE shopper IS NOT NULL
             AND NOT EXISTS (SELECT FROM audit WHERE audit.token = card.token AND deed = 'kept')
           UNION ALL
           SELECT token FROM audit WHERE deed IN ('forwarded', 'answered') GROUP BY token, purpose, host, payment_id
           HAVING count(*) FILTER (WHERE deed = 'answered') > count(*) FILTER (WHERE deed = 'forwarded')""",
    ),
    Invariant(
        "V6",
        "a shopper keeps the same card once",
        "SELECT min(token) FROM card WHERE shopper IS NOT NULL GROUP BY shopper, fingerprint HAVING count(*) > 1",
    ),
)
