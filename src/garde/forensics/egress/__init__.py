"""The account's part that says whether data left."""
