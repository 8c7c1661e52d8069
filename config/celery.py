"""Celery: a third door to the same actions. Tasks are sweeps; they take no objects."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("mingjian")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
