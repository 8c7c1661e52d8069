"""What is typed about laboratories, contracts, prices and publications; a file a subject."""
