"""compile's face: arguments, results, and which runner a call takes."""
