"""The whole move as pages show it: status, and for each group its findings, its way back and what asking twice came to."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from banyan.foundation.db import Db
from banyan.move.legacy import Adapter
from banyan.move.status import status
from banyan.move.storage import back, checks, groups, shift
from banyan.move.storage.groups import Group

FINDINGS = 50  # shown of each group


async def picture(
    db: Db, adapter: Adapter, verifying: Mapping[str, int], rehearsing: Collection[str]
) -> dict[str, Any]:
    """Read from the move database alone. `verifying`: rows compared so far, by group; `rehearsing`: groups."""
    told = (await status(db, adapter)).as_json()
    rows = await groups.read(db)
    found = [
        {
            **each,
            **await _besides(db, rows[each["group"]]),
            "verifying": verifying.get(each["group"]),
            "rehearsing": each["group"] in rehearsing,
        }
        for each in told["groups"]
    ]
    return {"moving": True, "stream": told["stream"], "groups": found, "next_steps": told["next_steps"]}


async def _besides(db: Db, group: Group) -> dict[str, Any]:
    lag = await back.lag(db, group.name)
    findings = await checks.open_findings(db, group.name, FINDINGS)
    shadowed = await shift.shadows(db, group.name)
    return {
        "holding": group.holding,
        "weight_goal": group.weight_goal,
        "changed_at": _text(group.changed_at),
        "owned_since": _text(group.owned_since),
        "rehearsed_at": _text(group.rehearsed_at),
        "findings_open": await checks.count_open(db, group.name),
        "findings": [
            {
                "kind": row["kind"],
                "key": row["key"],
                "table": row["table_name"],
                "what": row["what"],
                "found_at": _text(row["found_at"]),
            }
            for row in findings
        ],
        "way_back": {
            "open": group.owner == "new" and group.state != "finalized" and group.way_back_from is not None,
            "until": _text(group.way_back_until),
            "due": lag.due,
            "oldest_seconds": lag.oldest_seconds,
            "flagged": lag.flagged,
            "waived": lag.waived,
        },
        "shadowed": [dict(row) for row in shadowed],
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
