"""What writes fixtures/, and what reads it."""
