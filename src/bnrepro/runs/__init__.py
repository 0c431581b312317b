"""Many runs: from a study's grid to finished records."""
