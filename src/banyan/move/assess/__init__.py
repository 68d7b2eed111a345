"""Assess: what stands in the way of moving a legacy shop (`doctor`), and in which order to move it (`plan`). It only reads."""
