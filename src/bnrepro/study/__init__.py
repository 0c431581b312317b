"""What a study varies, and params.yaml."""
