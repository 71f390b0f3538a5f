"""The layouts of other runtimes, held to what those runtimes returned."""
