"""What the machines of a cluster share in PostgreSQL: locks, leases, and the budget of requests."""
