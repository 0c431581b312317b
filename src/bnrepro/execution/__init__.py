"""Running a study: what is missing is trained, by a pool of processes or a Dask cluster."""
