"""The page that a reader gets, and its templates."""
