"""A legacy shop behind our door while it moves in: its pages go to its own web server or to ours, as the mover says."""
