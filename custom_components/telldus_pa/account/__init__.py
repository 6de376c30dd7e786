"""One account, and what the accounts on a server share."""
