"""Random trials of `gru_ref.diagnose`: sources by their own formulas, in and outside its space."""
