"""What `make dist-test` checks of the wheel and the sdist, in an environment of its own."""
