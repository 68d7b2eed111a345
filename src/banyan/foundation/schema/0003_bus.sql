-- Which bus this service's facts go to (Bus.name): a relay that has another sends nothing. NULL until the first one sends.

ALTER TABLE relay_position ADD COLUMN bus text;
