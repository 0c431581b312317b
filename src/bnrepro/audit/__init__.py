"""What a stranger can check: runs trained again, outputs made again, hashes taken again. Nothing is written."""
