"""How rows of the table become cases, and how each gets a witness."""
