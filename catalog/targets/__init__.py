"""Whether a result supports a drug: drug × indication × line against what was reported (A31). No database in here."""
