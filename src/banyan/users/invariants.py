"""What must hold in the users database at every moment; each query's rows are the violations."""

from banyan.contracts.users import ROLES
from banyan.foundation.service import Invariant

_ROLES = ", ".join(f"'{role}'" for role in sorted(ROLES))

INVARIANTS = (
    Invariant(
        "I23",
        "an account that is being forgotten has no live session, and of an erased one nothing is left",
        """SELECT account_id, 'session' AS left_over FROM erasure JOIN session USING (account_id) WHERE ended_at IS NULL
        UNION ALL
        SELECT account.id, account.status FROM account JOIN erasure ON account_id = account.id
        WHERE account.status <> 'closed' OR steps ? 'account'""",
    ),
    Invariant(
        "U1",
        "exactly one account per canonical e-mail address, and each is kept under its own",
        # PostgreSQL before 18 cannot fold cases as we do; for A to Z, which is nearly all, lower() in "C" is the same.
        """SELECT lower(normalize(email_raw, NFKC) COLLATE "C") AS address, count(*) AS accounts, min(id) AS id FROM account
        GROUP BY 1 HAVING count(*) > 1
        UNION ALL
        SELECT email_raw, 1, id FROM account WHERE email_raw !~ '[^ -~]'
          AND email_canonical <> lower(email_raw COLLATE "C") AND lower(email_raw) !~ '@g(oogle)?mail[.]com$'""",
    ),
    Invariant(
        "U2",
        "a live session has exactly one unused refresh token, and every used one has its successor in the same session",
        """SELECT s.id, count(r.hash) AS unused FROM session AS s
        LEFT JOIN refresh_token AS r ON r.session_id = s.id AND r.used_at IS NULL
        WHERE s.ended_at IS NULL AND s.expires_at > shop_now() GROUP BY s.id HAVING count(r.hash) <> 1
        UNION ALL
        SELECT r.session_id, -1 FROM refresh_token AS r LEFT JOIN refresh_token AS next ON next.hash = r.replaced_by
        WHERE r.used_at IS NOT NULL AND next.session_id IS DISTINCT FROM r.session_id""",
    ),
    Invariant(
        "U3",
        "who has addresses has exactly one default address, and at most fifty",
        """SELECT account_id, count(*) AS addresses, count(*) FILTER (WHERE is_default) AS defaults FROM address
        GROUP BY account_id HAVING count(*) FILTER (WHERE is_default) <> 1 OR count(*) > 50""",
    ),
    Invariant(
        "U4",
        "nobody has a role that is not known, and there is an operator as soon as anybody has a role",
        f"""SELECT id, roles FROM account WHERE NOT roles <@ ARRAY[{_ROLES}]::text[]
        UNION ALL
        SELECT 'nobody', ARRAY['operator'] WHERE EXISTS (SELECT FROM account WHERE roles <> '{{}}')
          AND NOT EXISTS (SELECT FROM account WHERE 'operator' = ANY (roles) AND status = 'active')""",
    ),
    Invariant(
        "U5",
        "a refresh token lives no longer than its session, and a session at most 30 days",
        """SELECT s.id FROM session AS s WHERE s.expires_at > s.created_at + interval '30 days'
        UNION ALL
        SELECT s.id FROM session AS s JOIN refresh_token AS r ON r.session_id = s.id WHERE r.expires_at > s.expires_at""",
    ),
    Invariant(
        "U6",
        "once there is a signing key, one signs now, and exactly one is the newest",
        """SELECT count(*) AS keys FROM signing_key
        HAVING count(*) > 0 AND (count(*) FILTER (WHERE retires_at IS NULL) <> 1
          OR count(*) FILTER (WHERE signs_from <= shop_now() AND (retires_at IS NULL OR retires_at > shop_now())) = 0)""",
    ),
)
