-- Whose request it was (W3C traceparent): what a provider tells of it later belongs to the same trace.
ALTER TABLE operation ADD COLUMN traceparent text NOT NULL DEFAULT '';
