-- How long the slowest of a group's writes took, or is under way already, at each gateway worker since its report before the last:
-- writes are not held before what is under way would be answered well within the pause.
ALTER TABLE worker ADD COLUMN slowest jsonb NOT NULL DEFAULT '{}'; -- group → seconds
