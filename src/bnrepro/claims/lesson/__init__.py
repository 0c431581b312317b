"""The lesson's claims, one a module: its `CLAIM` has all that is said about it, `place` its order."""

LECTURE = "the lecture"
