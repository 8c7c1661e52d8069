"""What a month's bill comes to: its lines with their standing, its figures, its sheet."""
