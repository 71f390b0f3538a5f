"""Drift over old releases: the matrix and the ledger's rows, measured in each release."""
