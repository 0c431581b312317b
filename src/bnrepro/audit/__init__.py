"""What a stranger can check: retrained runs, remade outputs, dvc.lock, and who to cite. Nothing is written."""
