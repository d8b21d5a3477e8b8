"""Everything that Dagster sees: the five assets in the order of the data, their jobs, schedule, sensors and checks."""
