"""Agencies' own sign-in (OpenID Connect): who may vouch for whose addresses, read from JSON.

::

    [{"id": "fellgate", "name": "Fellgate High School",
      "issuer": "https://login.fellgate.example.org", "client_id": "portal", "secret": "…",
      "domains": ["fellgate.example.org"],
      "origins": ["https://login.fellgate.example.org"],
      "second_factor": {"acr": [], "amr": ["mfa"]}}]

``origins`` and ``second_factor`` may be left out: then the form leads to the issuer's own origin,
and the portal asks for its own second factor as it does after any other way in.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

KEY = re.compile(r"[a-z0-9-]{1,40}")
ANYBODYS = {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "icloud.com"}
ANYBODYS |= {"yahoo.com", "yahoo.co.uk", "btinternet.com", "hotmail.co.uk", "proton.me", "aol.com"}


@dataclass(frozen=True)
class Provider:
    """One agency's sign-in.

    Attributes:
        domains: of the e-mail addresses it may vouch for, in lower case.
        origins: where its sign-in page may stand, for the form-action of ours.
        strong: values of ``acr`` and of ``amr`` that say it has asked for a second factor.
    """

    key: str
    name: str
    issuer: str
    client_id: str
    secret: str
    domains: frozenset[str]
    origins: tuple[str, ...]
    strong: frozenset[tuple[str, str]]

    def asked_twice(self, claims: dict[str, Any]) -> bool:
        """Whether it says, in words that the setting believes, that it asked for two factors."""
        said = {("acr", str(claims.get("acr", "")))}
        methods = claims.get("amr")
        said |= {("amr", str(way)) for way in methods} if isinstance(methods, list) else set()
        return bool(said & self.strong)


def read(text: str, path: str = "", *, https: bool = True) -> dict[str, Provider]:
    """The providers by key, from JSON or from a file of it; none where both are empty.

    Raises:
        ImproperlyConfigured: one of them is not as it must be; the sentence says which and why.
    """
    try:
        found = json.loads(text or (Path(path).read_text() if path else "[]"))
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured("OIDC_PROVIDERS is not JSON that can be read.") from error
    providers: dict[str, Provider] = {}
    for entry in found if isinstance(found, list) else [found]:
        provider = _one(entry, https=https)
        if provider.key in providers:
            raise ImproperlyConfigured(f"OIDC_PROVIDERS names {provider.key} twice.")
        taken = {domain for other in providers.values() for domain in other.domains}
        if shared := taken & provider.domains:
            raise ImproperlyConfigured(f"Two of OIDC_PROVIDERS vouch for {min(shared)}.")
        providers[provider.key] = provider
    return providers


def _one(entry: Any, *, https: bool) -> Provider:
    if not isinstance(entry, dict):
        raise ImproperlyConfigured("OIDC_PROVIDERS is a list of objects.")
    key = str(entry.get("id", ""))
    if not KEY.fullmatch(key):
        raise ImproperlyConfigured("Each of OIDC_PROVIDERS needs an id of a-z, 0-9 and dashes.")
    for name in ("name", "issuer", "client_id", "secret", "domains"):
        if not entry.get(name):
            raise ImproperlyConfigured(f"{key} in OIDC_PROVIDERS has no {name}.")
    issuer = str(entry["issuer"]).rstrip("/")
    origins = [_origin(url) for url in entry.get("origins") or [issuer]]
    if https and not all(url.startswith("https://") for url in [issuer, *origins]):
        raise ImproperlyConfigured(f"{key} in OIDC_PROVIDERS must be reached by https.")
    domains = frozenset(str(domain).strip().lower() for domain in entry["domains"])
    if domains & ANYBODYS or not all("." in domain for domain in domains):
        raise ImproperlyConfigured(f"{key} in OIDC_PROVIDERS vouches for domains of anybody.")
    strong = {
        (claim, str(value))
        for claim in ("acr", "amr")
        for value in (entry.get("second_factor") or {}).get(claim, [])
    }
    return Provider(
        key=key,
        name=str(entry["name"]),
        issuer=issuer,
        client_id=str(entry["client_id"]),
        secret=str(entry["secret"]),
        domains=domains,
        origins=tuple(origins),
        strong=frozenset(strong),
    )


def _origin(url: Any) -> str:
    parts = urlsplit(str(url))
    return f"{parts.scheme}://{parts.netloc}"


def for_allauth(providers: dict[str, Provider]) -> dict[str, Any]:
    """The same as ``SOCIALACCOUNT_PROVIDERS``."""
    apps = [
        {
            "provider_id": each.key,
            "name": each.name,
            "client_id": each.client_id,
            "secret": each.secret,
            "settings": {"server_url": each.issuer, "oauth_pkce_enabled": True},
        }
        for each in providers.values()
    ]
    return {"openid_connect": {"APPS": apps}}
