"""Traffic goes from one side to the other: leases of gateway workers, weights that step by themselves, reads asked twice."""
