from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "desk"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "工作台"

    def ready(self):
        """Every app is ready now: a step that lists a gate nobody can judge stops the start."""
        from audit.steps import LABELS, verify_registered
        from desk.step_names import NAMES

        LABELS.update(NAMES)
        verify_registered()
