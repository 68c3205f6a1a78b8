from django.apps import AppConfig
from django.core.signals import request_finished, request_started, setting_changed
from django.utils.translation import gettext_lazy as _


class VaultConfig(AppConfig):
    """Sealed columns and the keys that open them."""

    name = "vault"
    verbose_name = _("Vault")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from vault import checks, keys  # noqa: F401

        # An opened key lives for one request: a request that ends, or dies, leaves none behind.
        for signal in (request_started, request_finished, setting_changed):
            signal.connect(keys.forget, dispatch_uid="vault.forget")
