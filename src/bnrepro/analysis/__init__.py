"""Tables from runs: pure functions on data frames."""
