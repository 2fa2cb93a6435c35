"""WHO NEEDS IT: one module a format, each a pure function of the ledger."""
