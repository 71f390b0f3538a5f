"""What is shown and written of a run: terminal, Markdown, JUnit XML, pages of docs/."""
