"""The commands of ``gru-ref``, a file a command: its options, what it does, what it prints."""
