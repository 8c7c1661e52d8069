"""Who works where, in which post, and what a post may do.

In a county hospital one person holds three or four posts (`vocab.md` §1), so rights hang on the post a person
works in now, and separation of duties is judged per case (X14), not by role alone.
"""

from accounts.models.letters import LetIn, Notice, SetPasswordLink
from accounts.models.people import Delegation, Post, User
from accounts.models.places import Department, Institution, Role
from accounts.models.programs import ApiToken, KeptAnswer
from accounts.models.reminders import Reminder

__all__ = [
    "ApiToken",
    "Delegation",
    "Department",
    "Institution",
    "KeptAnswer",
    "LetIn",
    "Notice",
    "Post",
    "Reminder",
    "Role",
    "SetPasswordLink",
    "User",
]
