"""Claims about other runtimes, on weights that gru_ref.layouts converts.

They need the runtimes themselves, in an environment of their own: `make runtimes`.
"""
