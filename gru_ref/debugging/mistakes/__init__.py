"""The classic porting mistakes: the table, and how each is run."""
