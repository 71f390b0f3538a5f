"""The table: what is varied, what deviates, how far results may be apart. Data only."""
