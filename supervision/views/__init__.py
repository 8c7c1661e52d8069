"""Doors of the web. They translate and call; they decide nothing."""
