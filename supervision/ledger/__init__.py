"""A hospital's ledger as it is kept today: read, checked, compared, recorded and judged.

columns → reading → checking → comparing → writing → judging        (`running` takes them in this order)
"""
