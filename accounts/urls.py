"""Ways in and out. Only what the portal uses of allauth: a path less is a path not guarded.

There is no "forgotten password": who forgot it signs in with a code, then sets another.
"""

from allauth.account import views as allauth
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from accounts import passkeys, providers, views
from accounts.fresh import fresh_factor_needed_to_look as to_look

urlpatterns = [
    path("", views.home, name="account_home"),
    path("login/", views.SignInView.as_view(), name="account_login"),
    path("login/code/", views.to_sign_in, name="account_request_login_code"),
    path("login/code/confirm/", views.ConfirmCodeView.as_view(), name="account_confirm_login_code"),
    path("login/password/", views.PasswordSignInView.as_view(), name="account_login_password"),
    path("signup/", views.to_sign_in, name="account_signup"),
    path("oidc/<slug:provider_id>/login/", providers.sign_in, name="openid_connect_login"),
    path(
        "oidc/<slug:provider_id>/login/callback/",
        providers.come_back,
        name="openid_connect_callback",
    ),
    path("logout/", login_not_required(allauth.logout), name="account_logout"),
    path("terms/", views.terms, name="account_terms"),
    path("stay/", views.stay, name="account_stay"),
    path("go-on/", views.go_on, name="account_go_on"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path(
        "confirm-email/",
        login_not_required(views.ConfirmEmailView.as_view()),
        name="account_email_verification_sent",
    ),
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("reauthenticate/code/", views.again_by_code, name="account_reauthenticate_code"),
    path("password/change/", allauth.password_change, name="account_change_password"),
    path("password/set/", to_look(allauth.password_set), name="account_set_password"),
    path("2fa/", mfa.index, name="mfa_index"),
    path("2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("2fa/app/", to_look(views.SetUpSecondFactorView.as_view()), name="mfa_activate_totp"),
    path("2fa/app/remove/", to_look(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path(
        "2fa/recovery-codes/",
        to_look(recovery.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/new/",
        to_look(recovery.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        to_look(recovery.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("2fa/passkeys/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("2fa/passkeys/add/", to_look(passkeys.AddView.as_view()), name="mfa_add_webauthn"),
    path(
        "2fa/passkeys/<int:pk>/remove/",
        to_look(passkeys.RemoveView.as_view()),
        name="mfa_remove_webauthn",
    ),
    path("2fa/passkeys/<int:pk>/", to_look(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
    path(
        "2fa/passkeys/sign-in/",
        login_not_required(passkeys.SignInView.as_view()),
        name="mfa_login_webauthn",
    ),
    path(
        "2fa/passkeys/reauthenticate/",
        passkeys.AgainView.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path("sessions/", views.SessionsView.as_view(), name="usersessions_list"),
]
