"""What is done to the catalog. An edition in force is not edited; it is followed by another."""

from catalog.actions.editions import put_in_force, retire

__all__ = ["put_in_force", "retire"]
