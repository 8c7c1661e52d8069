"""One settings file, driven by the environment. `bin/run` sets what a first evening needs;
production (MINGJIAN_PRODUCTION=1) refuses to start on anything unsafe (`config/safety.py`)."""

import os
from datetime import timedelta
from pathlib import Path

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from config import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("MINGJIAN_HOME") or BASE_DIR / "var")
KEYS = Path(os.environ.get("MINGJIAN_KEYS") or HOME / "keys")

PRODUCTION = env.flag("MINGJIAN_PRODUCTION")
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.secret("SECRET_KEY", KEYS, "" if PRODUCTION else "insecure-for-tests-and-tools-only")
# Encrypts identity and keys its blind index; 32 bytes, hexadecimal. Kept outside the database.
IDENTITY_KEY = env.secret("IDENTITY_KEY", KEYS, "" if PRODUCTION else "00" * 32)
# Signs the declarations of the trail (HMAC) and its checkpoints (Ed25519); outside the database.
TRAIL_KEY = env.secret("TRAIL_KEY", KEYS, "" if PRODUCTION else "11" * 32)

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "audit",
    "documents",
    "policy",
    "accounts",
    "catalog",
    "vendors",
    "referrals",
    "consent",
    "supervision",
    "reports",
    "desk",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "django_htmx",
    "lucide",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # The last ones: the person's post, or the token's, then one declared transaction around the view.
    "accounts.middleware.CurrentPost",
    "accounts.middleware.Bearer",
    "accounts.middleware.DeclaredTransaction",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "desk.context.frame",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {
    "default": {
        **env.database(os.environ.get("DATABASE_URL", "postgresql:///mingjian")),
        "CONN_MAX_AGE": env.number("DATABASE_CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
    }
}
# Migrations may log in as another account, the tables' owner.
DATABASE_OWNER_URL = os.environ.get("DATABASE_OWNER_URL", "")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "desk:home"
LOGOUT_REDIRECT_URL = "accounts:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = env.number("LOGIN_FAILURE_LIMIT", 8)
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
# Guardian holds grants, asked through accounts.grants; it does not take part in signing in.
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = os.environ.get("TIME_ZONE", "Asia/Shanghai")
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = HOME / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if env.flag("STATIC_MANIFEST")
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
UPLOAD_MAX_BYTES = env.number("UPLOAD_MAX_MB", 50) * 1024 * 1024

SESSION_COOKIE_AGE = env.number("SESSION_HOURS", 12) * 3600
SESSION_COOKIE_HTTPONLY = True
SECURE_COOKIES = env.flag("SECURE_COOKIES", PRODUCTION)
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
CSRF_FAILURE_VIEW = "desk.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.flag("BEHIND_TLS_PROXY", PRODUCTION):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/"]
    SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 31536000)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.Schema",
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.SessionOrToken"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": os.environ.get("API_RATE", "1200/min")},
    "EXCEPTION_HANDLER": "config.api.problems.handler",
    "DEFAULT_VERSIONING_CLASS": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "明检 API",
    "VERSION": "1",
    "DESCRIPTION": "See docs/integration.md.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "persistAuthorization": False,
        "validatorUrl": None,
        # By subject: a hundred and thirty doors at once are no list.
        "docExpansion": "none",
        "filter": True,
    },
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ReferralStatus": "referrals.models.Status",
        "ReportStatus": "reports.models.Status",
        "FindingStatus": "supervision.models.Finding.Status",
        "LaboratoryKind": "vendors.models.Laboratory.Kind",
        "CredentialKind": "vendors.models.Credential.Kind",
        "AdmissionStatus": "vendors.models.Admission.Status",
        "ReferralRoute": "referrals.models.Referral.Route",
        "CooperationRoute": "vendors.models.Route",
        "ChargeKind": "referrals.models.Charge.Kind",
        "ChargeImportStatus": "referrals.models.ChargeImport.Status",
        "ChargeRowVerdict": "referrals.models.ChargeRow.Verdict",
        "ResultOutcome": "referrals.models.Result.Outcome",
        "ArrivalState": "referrals.actions.receipts.STATES",
        "LoanReturn": "referrals.models.BlockLoan.Return",
        "AlertOutcome": "supervision.models.Alert.Outcome",
        "FeeDeferralKind": "referrals.models.FeeDeferral.Kind",
        "StanceOrConclusion": "referrals.models.Opinion.Stance",
        "PolicyDocumentKind": "policy.models.PolicyDocument.Kind",
        "HospitalRuleKind": "policy.models.HospitalRule.Kind",
        "HospitalRuleStatus": "policy.models.HospitalRule.Status",
        "EditionStatus": "catalog.models.Edition.Status",
        "PriceChangeStatus": "vendors.models.PriceChange.Status",
        "CatalogCommentKind": "catalog.models.RowComment.Kind",
        "CatalogCommentStatus": "catalog.models.RowComment.Status",
        "DifferenceKind": "referrals.models.StatementDifference.Kind",
        "DeliberationKind": "referrals.models.Deliberation.Kind",
        "DeliberationPhase": "referrals.models.Deliberation.Phase",
        "AlarmKind": "audit.models.Alarm.Kind",
        "LedgerImportStatus": "supervision.models.LedgerImport.Status",
        "PathologyKind": "referrals.models.PathologyBasis.Kind",
        "OutsideReportSource": "referrals.models.OutsideReport.Source",
        "RuleEditionStatus": "catalog.models.RuleEdition.Status",
        "MatchVerdict": "referrals.models.MatchReview.Verdict",
        "QualificationKind": "catalog.models.Qualification.Kind",
        "SpecialUseKind": "referrals.models.SpecialUse.Kind",
    },
    "PREPROCESSING_HOOKS": ["config.api.schema.only_ours"],
}

CELERY_BROKER_URL = env.celery_broker(REDIS_URL)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"unacked_restore_interval": 2, "unacked_restore_throttle": 1}
CELERY_TIMEZONE = TIME_ZONE
# Each task is a sweep (`house.md`): it finds what is due, so a lost message costs one beat, not a report.
CELERY_BEAT_SCHEDULE = {
    "seal the trail": {"task": "audit.tasks.seal", "schedule": timedelta(seconds=5)},
    "build due reports": {"task": "reports.tasks.build_due", "schedule": timedelta(seconds=60)},
    "run waiting imports": {
        "task": "supervision.tasks.run_waiting_imports",
        "schedule": timedelta(seconds=10),
    },
    "run waiting statements": {
        "task": "referrals.tasks.run_waiting_statements",
        "schedule": timedelta(seconds=10),
    },
    "forget kept answers": {"task": "accounts.tasks.forget_answers", "schedule": timedelta(hours=6)},
    # Both run at once, too, when a contract or a price changes (`catalog/changes.py`).
    "lapse stale consents": {"task": "consent.tasks.lapse_stale", "schedule": timedelta(minutes=10)},
    "take in charges": {"task": "referrals.tasks.take_in_charges", "schedule": timedelta(seconds=10)},
    "take cases onward": {"task": "referrals.tasks.go_on", "schedule": timedelta(minutes=10)},
    "watch the ways out": {"task": "referrals.tasks.watch_ways", "schedule": crontab(minute=2)},
    "announce catalog editions": {"task": "catalog.tasks.announce_editions", "schedule": timedelta(minutes=15)},
    "remind people": {"task": "accounts.tasks.remind", "schedule": timedelta(minutes=30)},
    "send reminders": {"task": "accounts.tasks.send_reminders", "schedule": timedelta(minutes=5)},
    "make consent papers": {"task": "consent.tasks.make_papers", "schedule": timedelta(seconds=60)},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    # Libraries that tell every step of their work.
    "loggers": {name: {"level": "WARNING"} for name in ("weasyprint", "fontTools", "pikepdf", "axes")},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}

# The hospital may set its own 仿宋, 小标宋, 黑体 and 楷体 here (files named in docs/operations.md).
OFFICIAL_FONTS = os.environ.get("OFFICIAL_FONTS", "")
REPORT_PERIOD = os.environ.get("REPORT_PERIOD", "quarter")  # month, quarter, half or year: clauses A59, B38
DEMO = env.flag("MINGJIAN_DEMO")
# A case this many working days old and not ended is overdue (own proposal; the hospital may set its own).
OVERDUE_WORKING_DAYS = env.number("OVERDUE_WORKING_DAYS", 10)
# The least share of tumour cells (%) a tissue specimen needs, by a word of the method's name; "" for every other method.
TUMOUR_CELL_MINIMUM = {"": 20, **env.numbers("TUMOUR_CELL_MINIMUM")}
# What a specimen bears on the road in °C, by a word of its kind (`vocab.md` §7): the word that stands first in the kind.
SPECIMEN_TEMPERATURES = {
    **env.ranges(
        "",
        "FFPE=2~37,蜡块=2~37,细胞蜡块=2~37,白片=2~37,组织=2~37,切片=2~37,血浆(ctDNA)=15~30,血浆(EDTA)=-90~-60,ctDNA=15~30,"
        "骨髓=2~8,外周血=2~8,全血=2~8,胸腔积液=2~8,胸水=2~8,腹水=2~8,FNA=2~8,细胞=2~8",
    ),
    **env.ranges("SPECIMEN_TEMPERATURES"),
}
# How many hours after it was taken a specimen may still leave (`vocab.md` §7), found the same way; what is not named keeps.
SPECIMEN_HOURS = {
    "骨髓": 72,
    "外周血": 168,
    "全血": 168,
    "血浆(ctDNA)": 168,
    "ctDNA": 168,
    **env.numbers("SPECIMEN_HOURS"),
}
# Sent and not received after so many days of 24 hours, a shipment is overdue (own proposal of scenario.md, case 2).
SHIPMENT_OVERDUE_DAYS = env.number("SHIPMENT_OVERDUE_DAYS", 1)
# The label stock of the hospital's printers: 50x30, 40x25, 25x15, a4-24 or a4-65 (`referrals.labels`).
LABEL_STOCK = os.environ.get("LABEL_STOCK", "50x30")
# Blocks and slides are lent for so many days; so many loans of one person within the window that were no pathology
# consultation stand out (`vocab.md` §10, warning 17).
BLOCK_LOAN_DAYS = env.number("BLOCK_LOAN_DAYS", 14)
BLOCK_LOAN_WARN = env.number("BLOCK_LOAN_WARN", 2)
BLOCK_LOAN_WINDOW_DAYS = env.number("BLOCK_LOAN_WINDOW_DAYS", 90)
# What of a person the manifest names (practice.md 4); empty: nothing but the barcode. Nothing else can be named.
MANIFEST_NAMES = env.words("MANIFEST_NAMES", "name,sex,age,record_no")
# Insurance classes charged only after the self-pay notice is signed; 未标注 stands for a price without a class.
SELF_PAY_NOTICE_CLASSES = env.words("SELF_PAY_NOTICE_CLASSES", "自费")
# Sites that may show the published lists in a frame (Content-Security-Policy, frame-ancestors).
EMBED_ANCESTORS = env.words("EMBED_ANCESTORS", "'self'")
# Days within which a fee of the green channel is made up, and the shapes of the numbers HIS and the fiscal e-invoice give
# (own proposal; practice.md 1 and 2).
GREEN_CHANNEL_DAYS = env.number("GREEN_CHANNEL_DAYS", 7)
# Working days within which a fee is given back once it is due (own proposal: `vocab.md` §9 says whole, and names no day).
REFUND_WORKING_DAYS = env.number("REFUND_WORKING_DAYS", 5)
HIS_NUMBER_SHAPE = os.environ.get("HIS_NUMBER_SHAPE", r"[0-9A-Za-z][0-9A-Za-z_/.-]{0,39}")
RECEIPT_CODE_SHAPE = os.environ.get("RECEIPT_CODE_SHAPE", r"[0-9]{8,12}")
RECEIPT_NUMBER_SHAPE = os.environ.get("RECEIPT_NUMBER_SHAPE", r"[0-9]{8,10}")
# Review of a catalog edition (B3): members of its group, sign-offs needed, and the share of these that has to agree.
CATALOG_EXPERTS = env.number("CATALOG_EXPERTS", 3)
CATALOG_QUORUM = env.number("CATALOG_QUORUM", 3)
CATALOG_AGREEMENT_PERCENT = env.number("CATALOG_AGREEMENT_PERCENT", 66)
# A newer edition of a source (B3): working days for the review of each row that cites the former, and days after which
# an unreviewed row closes, where neither bureau nor hospital has said otherwise (own proposal).
SOURCE_REVIEW_WORKING_DAYS = env.number("SOURCE_REVIEW_WORKING_DAYS", 20)
SOURCE_GRACE_DAYS = env.number("SOURCE_GRACE_DAYS", 90)
# Clause A43: members of the technical committee whose opinions an approval of a first-time technology needs.
TECHNOLOGY_REVIEWERS = env.number("TECHNOLOGY_REVIEWERS", 3)
# Clause A42: a request authority is renewed on a training passed within so many months.
TRAINING_WITHIN_MONTHS = env.number("TRAINING_WITHIN_MONTHS", 12)
# Reminders by e-mail. Without EMAIL_HOST none is sent; the line under the bell comes all the same.
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = env.number("EMAIL_PORT", 465 if env.flag("EMAIL_SSL") else 25)
EMAIL_HOST_USER = os.environ.get("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_PASSWORD", KEYS)
EMAIL_USE_SSL = env.flag("EMAIL_SSL")
EMAIL_USE_TLS = env.flag("EMAIL_STARTTLS")
EMAIL_TIMEOUT = env.number("EMAIL_TIMEOUT", 20)
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM", "mingjian@localhost")
# The address at which people open this site: what links in e-mails begin with.
PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
# Hours of the day between which people are reminded, on working days.
REMIND_FROM = env.number("REMIND_FROM", 8)
REMIND_UNTIL = env.number("REMIND_UNTIL", 18)
# Clauses A25, B8: members without a tie who assess a laboratory, the mean score it needs, and months until it is
# assessed again.
ADMISSION_PANEL = env.number("ADMISSION_PANEL", 3)
ADMISSION_PASS_MARK = env.number("ADMISSION_PASS_MARK", 80)
ADMISSION_MONTHS = env.number("ADMISSION_MONTHS", 12)
# Clause B9: purchases of one kind within a year that together reach so many yuan look split when each stays below.
PROCUREMENT_THRESHOLD = env.number("PROCUREMENT_THRESHOLD", 1_000_000)

from config import safety  # noqa: E402

safety.check(globals())
