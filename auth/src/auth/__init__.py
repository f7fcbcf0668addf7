"""Auth: accounts, signing up, in and out, and the one key that signs every session."""
