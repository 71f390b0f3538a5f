"""The table: printable data, from which every test, fixture and report is derived."""
