"""Every write of the register: documents, the hospital's rules, and what it says about a clause."""
