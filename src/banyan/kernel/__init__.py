"""Pure words that every part of the shop uses: money, ids, clock, refusals. Nothing here waits, reads or writes."""
