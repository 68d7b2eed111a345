-- A transfer is entered whole by one statement, so that its balance is checked once for all that a statement enters.

CREATE FUNCTION transfers_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong text;
BEGIN
    SELECT transfer_id INTO wrong FROM entry WHERE transfer_id = ANY (ARRAY(SELECT transfer_id FROM entered))
    GROUP BY transfer_id, currency HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transfer % does not balance', wrong;
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER transfer_balances ON entry;
DROP FUNCTION transfer_balances();
CREATE TRIGGER transfers_balance AFTER INSERT ON entry REFERENCING NEW TABLE AS entered
    FOR EACH STATEMENT EXECUTE FUNCTION transfers_balance();
