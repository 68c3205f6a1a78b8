"""A form with every field, and pages to show it on, for the tests of this folder."""

from typing import Any

from django import forms
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from ui import fields
from ui.forms import PageForm
from ui.trouble import NotSetUpError


class EveryField(PageForm):
    reveals = {
        "repeated": {"yes": ["repeated_detail"]},
        "online": {"other": ["online_other"]},
    }
    autosave = "/save/"
    later_url = "/later/"

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    what = fields.LongField(
        label="What happened?", about="what happened", min_length=40, help_text="In your own words."
    )
    name = fields.TextField(
        label="First name", width="20", missing="Write the first name, or “not known”"
    )
    repeated = fields.YesNoField(
        label="Has this happened more than once?",
        not_known=True,
        missing="Select whether this has happened more than once",
    )
    repeated_detail = fields.LongField(label="How often?", about="how often", rows=3)
    online = fields.MultiField(
        label="How do you know?",
        choices=[("shown", "It was shown to me"), ("other", "Other"), ("none", "None of these")],
        exclusive=["none"],
        hints={"shown": "On a telephone, say"},
        divider="or",
    )
    online_other = fields.TextField(label="Which way?", missing="Write which way")
    sector = fields.SelectField(
        label="Sector", choices=[("a", "Education"), ("b", "Health")], missing="Choose the sector"
    )
    born = fields.DayField(label="Date of birth", past_only=True, help_text="Like 27 3 2010")
    when = fields.ApproxDateField(label="When did it come to light?")
    call = fields.MomentField(label="When did you ring 999?", past_only=True)
    age = fields.WholeNumberField(label="About how old?", least=0, most=120)
    addresses = fields.RepeatingField(
        label="Addresses",
        singular="Address",
        columns=[("address", "Address", "long"), ("current", "They live here now", "tick")],
        needed=["address"],
        maximum=3,
    )
    features = fields.DetailsField(
        label="What stood out?",
        choices=[("contacts", "Contact with people"), ("online", "Use of devices")],
        words_needed=True,
    )
    who = fields.ContactField(label="Who first noticed it?")
    email = fields.EmailField(label="E-mail address")
    phone = fields.TelephoneField(label="Telephone number")
    picture = forms.FileField(label="A photograph of your notes", required=False)
    sure = fields.ConfirmField(label="This is accurate", missing="Tick to say it is accurate")


GOOD: dict[str, Any] = {
    "seen": "1",
    "what": "In form time he said to Jack, “people like that should be cleared out”.",
    "name": "Callum",
    "repeated": "yes",
    "repeated_detail": "Three times since May.",
    "online": ["shown"],
    "sector": "a",
    "born_day": "9",
    "born_month": "1",
    "born_year": "2011",
    "when_month": "June",
    "when_year": "2026",
    "call_day": "16",
    "call_month": "6",
    "call_year": "2026",
    "call_time": "3:40pm",
    "age": "15",
    "addresses_0_address": "1 Mill Lane\r\nScarborough",
    "addresses_0_current": "yes",
    "features": ["contacts"],
    "features_contacts_words": "An older boy, online, since May",
    "who_name": "Hannah Ellis",
    "who_phone": "01632 960001",
    "who_email": "hannah@fellgate.example.org",
    "email": "hannah@fellgate.example.org",
    "phone": "+44 1632 960001 ext 5",
    "sure": "on",
}


class OneQuestion(PageForm):
    told = fields.ChoiceField(label="Have you told Callum?", choices=[("y", "Yes"), ("n", "No")])


class SmallForm(OneQuestion):
    small = True
    headings = {"why": "m"}
    why = fields.LongField(label="Reasons", about="your reasons", min_length=40)


@login_not_required
def every(request: HttpRequest) -> HttpResponse:
    form = EveryField(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        return HttpResponse("thank you")
    return render(request, "ui_tests/form.html", {"form": form, "navigation": NAVIGATION})


NAVIGATION = [
    {"label": "Concerns", "url": "/", "current": True},
    {"label": "Help", "url": "/help/"},
]
saved: list[dict[str, Any]] = []
answers: list[int] = []  # statuses that the next saves get instead of 200


@login_not_required
def save(request: HttpRequest) -> HttpResponse:
    if answers:
        return HttpResponse(status=answers.pop(0))
    saved.append(request.POST.dict())
    return JsonResponse({"saved_at": "3:52pm", "seen": f"after {len(saved)}"})


@login_not_required
def leave(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponse("signed out")


UNSAID = {"unready": "there is no locality"}


@login_not_required
def fault(request: HttpRequest, kind: str) -> HttpResponse:
    raise {
        "400": SuspiciousOperation,
        "403": PermissionDenied,
        "500": RuntimeError,
        "503": OperationalError,
        "unready": NotSetUpError,
    }[kind](UNSAID.get(kind, "Callum"))


@login_not_required
def away(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<title>Weather</title>away")


@login_not_required
@csrf_exempt
def cms(request: HttpRequest) -> HttpResponse:
    return HttpResponse("back office")


urlpatterns = [
    path("", every),
    path("save/", save),
    path("leave/", leave),
    path("away/", away),
    path("cms/", cms),
    path("fault/<str:kind>/", fault),
    path("health/", include("ui.health_urls")),
    path("accounts/login/", away, name="account_login"),
    path("accounts/logout/", away, name="account_logout"),
    path("accounts/stay/", away, name="account_stay"),
]
handler400 = "ui.views.bad_request"
handler403 = "ui.views.permission_denied"
handler404 = "ui.views.page_not_found"
handler500 = "ui.views.server_error"
