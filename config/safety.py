"""Production refuses to start on a default secret, DEBUG or plain-HTTP cookies."""

from django.core.exceptions import ImproperlyConfigured


def check(settings: dict) -> None:
    """Raise ImproperlyConfigured naming everything unsafe at once; outside production, nothing is asked."""
    if not settings["PRODUCTION"]:
        return
    faults = []
    if len(settings["SECRET_KEY"]) < 40 or settings["SECRET_KEY"].startswith("insecure"):
        faults.append("SECRET_KEY must be set to at least 40 random characters")
    for name in ("IDENTITY_KEY", "TRAIL_KEY"):
        value = settings[name]
        if len(value) != 64 or len(set(value)) < 8:
            faults.append(f"{name} must be set to 32 random bytes in hexadecimal")
    if settings["DEBUG"]:
        faults.append("DEBUG must be off")
    if not settings["SESSION_COOKIE_SECURE"] or not settings["CSRF_COOKIE_SECURE"]:
        faults.append("SECURE_COOKIES must be on: cookies may not travel over plain HTTP")
    if "*" in settings["ALLOWED_HOSTS"] or not settings["ALLOWED_HOSTS"]:
        faults.append("ALLOWED_HOSTS must name this site's hosts")
    if settings["EMAIL_USE_SSL"] and settings["EMAIL_USE_TLS"]:
        faults.append("EMAIL_SSL and EMAIL_STARTTLS exclude each other")
    if settings["DEMO"]:
        faults.append("MINGJIAN_DEMO must be off: demo logins have known passwords")
    if faults:
        raise ImproperlyConfigured("Mingjian does not start in production: " + "; ".join(faults))
