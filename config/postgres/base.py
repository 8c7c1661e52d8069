"""Django's PostgreSQL, with the second wall: ordinary work runs under a role that owns no table.

The login named in DATABASE_URL may own the tables (a small hospital has one database account). Then
every connection steps down to the application role, which row level security binds. Only the commands
of `manage.py` that build the house (`migrate` and its kin) stay the owner: they set `as_owner`.
"""

from django.db.backends.postgresql import base

APP_ROLE = "mingjian_app"

as_owner = False


class DatabaseWrapper(base.DatabaseWrapper):
    def init_connection_state(self):
        super().init_connection_state()
        if as_owner:
            return
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('role', rolname, false) FROM pg_roles"
                " WHERE rolname = %s AND pg_has_role(session_user, oid, 'MEMBER')",
                [APP_ROLE],
            )
        if not self.get_autocommit():
            self.connection.commit()
