"""What is handed to an archive: the committed results as one file, described for machines and for referees."""
