"""The pages of results in headless Chromium: `make page-test` runs these, no other target does."""
