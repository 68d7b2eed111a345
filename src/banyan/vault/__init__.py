"""The card vault: the only code that sees a card's number. It keeps it sealed, gives out tokens, and writes down each use."""
