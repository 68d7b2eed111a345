"""All SQL on the move database, one file per family of tables. Legacy SQL is in `source`, never here."""
