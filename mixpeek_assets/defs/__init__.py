"""All that Dagster sees: the five assets in the order of the data, then what runs, watches and checks them."""
