"""What every door of the API shares: problems, pages, repeated requests, the schema; and the root of its addresses."""
