"""What the project does, in the order of the data: submit, poll, fetch, plan. Loading is in the warehouse."""
