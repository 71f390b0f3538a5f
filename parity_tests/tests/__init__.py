"""Every test of gru_ref and of the suite itself."""
