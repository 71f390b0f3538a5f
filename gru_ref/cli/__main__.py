"""``python -m gru_ref.cli`` is ``gru-ref``."""

from gru_ref.cli import main

if __name__ == "__main__":
    main()
