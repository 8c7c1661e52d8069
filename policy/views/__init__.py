"""Doors of the policy basis. They translate and call; they decide nothing."""
