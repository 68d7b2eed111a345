-- What moved for one order is told to its shopper on request.
CREATE INDEX movement_order ON movement (order_id) WHERE order_id IS NOT NULL;
