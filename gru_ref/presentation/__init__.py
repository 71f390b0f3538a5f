"""How results are shown: as text in a terminal, as plain data, and in a notebook.

rich and jinja2 are imported where they are used: a result can be made, and read as data, without
them.
"""
