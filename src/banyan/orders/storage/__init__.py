"""What orders remembers: all of its SQL."""

from banyan.foundation.db import Db, Tx

Reader = Db | Tx
