"""How fast this machine trains: `bnrepro bench`. Nothing here decides a result."""
