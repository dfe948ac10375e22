"""The account's part that says where it came from."""
