"""Tools that explain why numbers differ: bounds, mistakes, diff, doctor, lint, plots."""
