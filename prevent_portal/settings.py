"""Settings: one file for all places. The environment is the difference; defaults are safe."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import environ
from csp.constants import NONE, SELF

from accounts import statements
from prevent_portal import guard, providers

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
if "DATABASE_URL" not in env.ENVIRON and (VAR_DIR / "local.env").exists():
    env.read_env(VAR_DIR / "local.env")

# --- Who we are -------------------------------------------------------------------------------
PARTNERSHIP = env("PARTNERSHIP", default="North Yorkshire and York")
MARKING = env("MARKING", default="OFFICIAL-SENSITIVE")
QUICK_EXIT_URL = env("QUICK_EXIT_URL", default="https://www.bbc.co.uk/weather")
BASE_URL = env("BASE_URL", default="https://localhost")
OUT_OF_HOURS_PHONE = env("OUT_OF_HOURS_PHONE", default="101")  # on pages that could not help
METRICS_TOKEN = env("METRICS_TOKEN", default="")  # opens /health/metrics; empty: nobody

# --- Safety -----------------------------------------------------------------------------------
SECRET_KEY = env("SECRET_KEY")  # absent: the portal declines to start
VAULT_KEY = env("VAULT_KEY", default="")  # base64 of 32 bytes, or a file of the same:
VAULT_KEY_FILE = env("VAULT_KEY_FILE", default="")
DEBUG = env.bool("DEBUG", default=False)
HTTPS = env.bool("HTTPS", default=True)  # off only in the demonstration, on 127.0.0.1
PORTAL_DEMO = env.bool("PORTAL_DEMO", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_ENGINE = "accounts.session_store"
# A session ends after so long without a page or a save, and so long after signing in at the latest.
SESSION_IDLE = timedelta(minutes=env.int("SESSION_IDLE_MINUTES", default=30))
SESSION_LONGEST = timedelta(hours=env.int("SESSION_HOURS", default=12))
SESSION_WARNING = timedelta(minutes=env.int("SESSION_WARNING_MINUTES", default=5))
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no third cookie
CSRF_FAILURE_VIEW = "ui.views.csrf_failure"
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^health/"]
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # whose word on the caller's address counts in rate limits
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
DATA_UPLOAD_MAX_NUMBER_FILES = 50
FILE_UPLOAD_HANDLERS = ["ui.uploads.InMemory"]  # nothing that people send lies on disk unsealed
# Where ClamAV's daemon answers (files/scanning.py); empty: there is none.
SCANNER = env("SCANNER", default="")
# Whether nobody but who added a file may open it before the virus check has answered.
REQUIRE_SCAN = env.bool("REQUIRE_SCAN", default=not PORTAL_DEMO)
if not REQUIRE_SCAN:
    guard.check_unscanned(demonstration=PORTAL_DEMO)
CONTENT_SECURITY_POLICY = {
    # Wagtail's own screens need inline script; ui.middleware gives them a policy of their own.
    "EXCLUDE_URL_PREFIXES": ("/cms/",),
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}

# --- What is installed ------------------------------------------------------------------------
INSTALLED_APPS = [
    *(["demo"] if PORTAL_DEMO else []),
    "referrals",
    "selfassessment",
    "guidance",
    "clauses",
    "agencies",
    "outbox",
    "ui",
    "audit",
    "vault",
    "accounts",
    "wagtail.contrib.redirects",
    "wagtail.contrib.simple_translation",
    "wagtail.contrib.settings",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "crispy_forms",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "audit.middleware.RequestIdMiddleware",
    "ui.middleware.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SignInMiddleware",
    "accounts.middleware.KeptMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "accounts.middleware.TermsMiddleware",
    "ui.middleware.FormsOnlyMiddleware",
    "accounts.middleware.AskingMiddleware",
]
ROOT_URLCONF = "prevent_portal.urls"
WSGI_APPLICATION = "prevent_portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Storage ----------------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"] |= {
    "ENGINE": "django.db.backends.postgresql",
    # A socket's folder stands in the address with its slashes quoted.
    "HOST": unquote(DATABASES["default"]["HOST"]),
    "ATOMIC_REQUESTS": True,
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        **DATABASES["default"].get("OPTIONS", {}),
        # A case is one row with twenty others joined to it by their keys: to weigh every order of
        # joining took thirty times as long as to read it. The order written is the right one.
        # Helpers take longer to start than a page's query to end, and what pages read is in memory.
        # To compile the plan of a case took most of a second, and saved nothing.
        "options": "-c statement_timeout=15000 -c lock_timeout=5000 -c join_collapse_limit=2"
        " -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1 -c jit=off"
        " -c plan_cache_mode=force_generic_plan",
        # What accounts.prepared asks is planned once in a connection, and not for every value:
        # to plan some of it took longer than to answer it.
        "connection_factory": statements.Connection,
        "cursor_factory": statements.Cursor,
    },
    "TEST": {"NAME": env("PORTAL_TEST_DB", default="test_portal")},
}
# Tables are owned by one role and served through another (see bin/portal and deploy/).
RUNTIME_ROLE = env("DATABASE_RUNTIME_ROLE", default="portal_web")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
# Pictures are drawn again when they are added, and given out by guidance.views.picture.
WAGTAILIMAGES_EXTENSIONS = ["png", "jpg", "jpeg", "webp"]
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 5_000_000
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 25_000_000
WAGTAILIMAGES_IMAGE_FORM_BASE = "guidance.pictures.PictureForm"
# Files to download are written anew, and given out by guidance.views.download.
WAGTAILDOCS_DOCUMENT_FORM_BASE = "guidance.download_form.DownloadForm"

# --- Signing in -------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "referrals:home"
LOGOUT_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_BY_CODE_ENABLED = ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = int(timedelta(minutes=15).total_seconds())
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "dashed": False, "length": 8}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # here; everywhere else the session's hash ends
# Giving a role, say, asks for a factor that was given within so long.
FRESH_FACTOR = timedelta(minutes=env.int("FRESH_FACTOR_MINUTES", default=10))
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_RATE_LIMITS = {  # kept in the database cache, so all processes count together
    "login": "60/m/ip",  # a school is one address
    "login_failed": "20/m/ip,5/5m/key",
    "request_login_code": "60/m/ip,3/m/key,10/15m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "follow": "20/h/ip,3/h/key",
    "useful": "10/h/ip",
    "suggest": "5/h/ip",
}
ACCOUNT_FORMS = {
    "reauthenticate": "accounts.forms.PasswordAgainForm",
    "set_password": "accounts.forms.NewPasswordForm",
    "change_password": "accounts.forms.OtherPasswordForm",
    "confirm_email_verification_code": "accounts.forms.EmailCodeForm",
}
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_TOTP_TOLERANCE = 1  # one step of 30 seconds either way
MFA_FORMS = {
    "authenticate": "accounts.forms.SecondFactorForm",
    "reauthenticate": "accounts.forms.SecondFactorAgainForm",
    "activate_totp": "accounts.forms.SetUpSecondFactorForm",
    "add_webauthn": "accounts.passkeys.AddForm",
    "edit_webauthn": "accounts.passkeys.EditForm",
    "login_webauthn": "accounts.passkeys.SignInForm",
    "authenticate_webauthn": "accounts.passkeys.SecondStepForm",
    "reauthenticate_webauthn": "accounts.passkeys.AgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_ISSUER = "Prevent portal"
# Agencies' own sign-in, as prevent_portal.providers describes it; none in the demonstration.
OIDC_PROVIDERS = (
    {}
    if PORTAL_DEMO
    else providers.read(
        env("OIDC_PROVIDERS", default=""), env("OIDC_PROVIDERS_FILE", default=""), https=HTTPS
    )
)
SOCIALACCOUNT_PROVIDERS = providers.for_allauth(OIDC_PROVIDERS)
SOCIALACCOUNT_ADAPTER = "accounts.providers.ProviderAdapter"
SOCIALACCOUNT_STORE_TOKENS = SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
WAGTAILADMIN_LOGIN_URL = "account_login"

# --- Mail -------------------------------------------------------------------------------------
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="smtp://localhost:25")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20
# Then what was told to whom is taken out. Ours until the partnership signs its own rule.
SENT_MAIL_DAYS = env.int("SENT_MAIL_DAYS", default=90)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Prevent portal <portal@example.org>")

# --- Self-assessment --------------------------------------------------------------------------
# Percent from which a self-assessment is Amber, and from which it is Green; for the board to set.
ASSESSMENT_BANDS = (
    env.int("ASSESSMENT_AMBER_FROM", default=50),
    env.int("ASSESSMENT_GREEN_FROM", default=75),
)
# Month and day of each step of a self-assessment's year: it opens, is to be signed, is moderated,
# goes to the board, closes. What a new cycle begins with; each cycle has days of its own.
CYCLE_DAYS = [
    tuple(int(part) for part in day.split("-"))
    for day in env.list("CYCLE_DAYS", default=["09-01", "11-30", "01-31", "02-28", "08-31"])
]

# Rule 9 of the record: off until an equality review has approved it.
LAWFUL_EXPRESSION_HELP = env.bool("LAWFUL_EXPRESSION_HELP", default=False)

# --- Time limits ------------------------------------------------------------------------------
# Proposals of the practice guidance, not law. Each promise has its own under "Time limits" in the
# back office; here is what belongs to none of them. Working days, but for DRAFT_KEPT_DAYS.
DRAFT_REMINDER_DAYS = sorted(env.list("DRAFT_REMINDER_DAYS", cast=int, default=[1, 5, 20]))
DRAFT_KEPT_DAYS = env.int("DRAFT_KEPT_DAYS", default=30)
# Between the second signature and the deletion of a case: time to find out and to stop it.
DISPOSAL_WAIT_DAYS = env.int("DISPOSAL_WAIT_DAYS", default=14)
DEPUTY_TOLD_DAYS = env.int("DEPUTY_TOLD_DAYS", default=1)  # late; clock hours in an emergency
SENIOR_TOLD_DAYS = env.int("SENIOR_TOLD_DAYS", default=2)
NEWS_WITHIN_DAYS = env.int("NEWS_WITHIN_DAYS", default=20)
OUTSIDE_AREA_DAYS = env.int("OUTSIDE_AREA_DAYS", default=2)
STAGE_DAYS = {
    # A panel each month, a review every three and six months.
    "s36_pending": 5,
    "panel_listed": 20,
    "panel_adjourned": 20,
    "consent_pending": 10,
    "in_support": 60,
    "post_exit": 125,
} | env.dict("STAGE_DAYS", cast={"value": int}, default={})

if PORTAL_DEMO:
    guard.check_demonstration(
        database=DATABASES["default"],
        embedded_dir=env("PORTAL_EMBEDDED_DIR", default=""),
        mail_backend=EMAIL_CONFIG["EMAIL_BACKEND"],
        base_url=BASE_URL,
        allowed_hosts=ALLOWED_HOSTS,
    )

# --- Pages ------------------------------------------------------------------------------------
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
                "prevent_portal.context.portal",
                "accounts.context.signed_in",
                "agencies.context.navigation",
                "guidance.context.notice",
                *(["demo.codes.demonstration_code"] if PORTAL_DEMO else []),
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "govuk"
LANGUAGE_CODE = "en-gb"
# Each name as its speakers write it. Pages in the second are published beside the first.
LANGUAGES = WAGTAIL_CONTENT_LANGUAGES = [("en-gb", "English"), ("cy", "Cymraeg")]
WAGTAIL_I18N_ENABLED = True
WAGTAILADMIN_PERMITTED_LANGUAGES = [("en-gb", "English")]
# Languages whose words nobody has reviewed yet; their pages say so and lead to the English.
SAMPLE_LANGUAGES = env.list("SAMPLE_LANGUAGES", default=["cy"])
TIME_ZONE = "Europe/London"
USE_TZ = USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "locale"]

# --- The board's back office ------------------------------------------------------------------
WAGTAIL_SITE_NAME = "Prevent portal"
WAGTAILADMIN_BASE_URL = BASE_URL
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
TAGGIT_CASE_INSENSITIVE = True

# --- Logs: no bodies, names or codes ----------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "prevent_portal.logs.Formatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="WARNING")},
    "loggers": {
        # A stranger's wrong host name, and a body after HEAD, are no news.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "gunicorn.http.wsgi": {"level": "ERROR"},
    },
}
