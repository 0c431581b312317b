"""Runs as MLflow sees them."""
