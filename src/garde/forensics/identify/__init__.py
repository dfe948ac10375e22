"""The account's part that says what it was."""
