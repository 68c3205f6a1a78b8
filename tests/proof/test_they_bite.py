"""Planted defects: what guards the portal finds what it is there to find."""

import logging
import subprocess
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from prevent_portal import urls
from referrals.models import Referral
from referrals.terms import Status
from tests import sweep
from tests.edges import offered, wire
from tests.proof import scanners
from tests.proof.scanners import Allowed, Finding
from tests.referrals import cases, test_access
from tests.test_markup import Markup

SEMGREP = Path("var/proof/scanners/bin/semgrep")
QUIETLY = ("--metrics=off", "--disable-version-check", "--json", "--quiet")


def careless(request: HttpRequest, key: str) -> HttpResponse:
    """A view that forgot visible_to."""
    return HttpResponse(Referral.objects.get(key=key).reference)


handler404 = urls.handler404
urlpatterns = [
    path("referrals/<slug:key>/careless/", careless, name="careless"),
    *urls.urlpatterns,
]


@override_settings(ROOT_URLCONF=__name__)
def test_an_address_that_nobody_declared_is_refused():
    with pytest.raises(AssertionError, match="careless"):
        test_access.test_every_address_is_declared()


@pytest.mark.django_db
def test_a_view_that_forgot_whose_case_it_is_answers_a_stranger():
    """So the matrix, which asks every address as every role, would see it."""
    cast = cases.make_cast()
    key = cases.walk_to(cast, Status.TRIAGE).key
    with wire.deployed(), override_settings(ROOT_URLCONF=__name__):
        browser = wire.Wire(cast.outsider)
        assert browser.ask(path=f"/referrals/{key}/careless/".encode()).status == 200
        assert browser.ask(path=f"/referrals/{key}/".encode()).status == 404


@pytest.mark.parametrize("words", ["Canaryplanted", cases.NOTICE["observed"]])
def test_a_word_of_a_case_is_found_wherever_it_is_written(words, tmp_path, swept):
    """By the sweep of this very run, which is then told to forget it."""
    before = len(swept.found)
    logging.getLogger("referrals").warning("Saved %s", words)
    EmailMessage("News", words, to=["ruth@people.example.org"]).send()
    (tmp_path / "kept.txt").write_text(words)
    swept.look_at_files(tmp_path)
    kinds = [finding.partition(":")[0] for finding in swept.found[before:]]
    del swept.found[before:]
    assert kinds == ["log", "mail", "file"]


def test_what_is_no_word_of_a_case_is_let_pass():
    swept = sweep.Sweep()
    swept.look("log", "Not Found: /referrals/aaaa/ for Fellgate High School")
    assert not swept.found
    assert swept.looked == {"log": 1}


@pytest.mark.django_db
def test_a_refused_form_that_wrote_something_is_seen():
    cast = cases.make_cast()
    referral = cases.walk_to(cast, Status.DRAFT)
    before = wire.digest()
    assert before == wire.digest()
    with wire.undone():
        Referral.objects.filter(pk=referral.pk).update(emergency=True)
        assert "referrals_referral" in wire.written()
        now = wire.digest(wire.written())
        assert [name for name, value in now.items() if value != before[name]] == [
            "referrals_referral"
        ]


def test_a_form_is_found_with_what_it_says():
    page = '<form method="post" action="/a/"><input name="words" value="w"><textarea name="more">'
    (form,) = offered._Forms(f"{page}m</textarea></form>", "/b/").forms
    assert (form.path, form.values) == ("/a/", {"words": ["w"], "more": ["m"]})


def test_a_page_with_a_fault_in_it_is_seen():
    assert not Markup("<h1>A</h1><p>b</p>").faults
    for fault in ('<p id="a"></p><p id="a"></p>', '<p onclick="b">', "<div>", "<h1>B</h1>"):
        assert Markup(f"<h1>A</h1>{fault}").faults, fault


def test_a_finding_without_a_reason_stays_open_and_one_with_a_reason_elsewhere_too():
    found = [
        Finding("semgrep", "marked-safe", "ui/a.py", 3, "mark_safe(words)"),
        Finding("semgrep", "marked-safe", "demo/b.py", 3, "mark_safe(BREAK)"),
    ]
    allowed = [
        Allowed("semgrep", "marked-safe", "ui/a.py", "A constant.", line="BREAK"),
        Allowed("semgrep", "marked-safe", "demo/*", "A constant.", line="BREAK"),
        Allowed("bandit", "B101", "*", "None."),
    ]
    assert scanners.open_ones(found, allowed) == found[:1]
    assert scanners.unused(found, allowed) == [allowed[0], allowed[2]]
    assert all(each.reason for each in scanners.reasons())


PLANTED = {
    "marked-safe": "from django.utils.safestring import mark_safe\nx = mark_safe(words)\n",
    "raw-sql": 'cursor.execute(f"SELECT {words}")\n',
    "no-token-asked": "@csrf_exempt\ndef view(request):\n    return None\n",
    "any-shell": "import subprocess\nsubprocess.run(words, shell=True)\n",
    "evaluated": "eval(words)\n",
    "weak-chance": "import random\nkey = random.choice(words)\n",
    "weak-digest": "import hashlib\nhashlib.md5(words)\n",
    "words-in-a-log": 'log.warning("Sent: %s", request.POST)\n',
    "printed": "print(words)\n",
    "next-not-looked-at": 'redirect(request.GET["next"])\n',
    "columns-of-a-form-undeclared": 'class Meta:\n    fields = "__all__"\n',
    "no-time-limit": "import urllib.request\nurllib.request.urlopen(address)\n",
    "left-unverified": "import ssl\ncontext = ssl._create_unverified_context()\n",
}


@pytest.mark.proof
def test_each_rule_finds_what_it_forbids(tmp_path):
    """One file for each rule, and a template and a view where those are looked for."""
    places = {name: f"forms/{name.replace('-', '_')}.py" for name in PLANTED}
    planted = {places[name]: code for name, code in PLANTED.items()}
    planted["forms.py"] = planted.pop(places["columns-of-a-form-undeclared"])
    planted["agencies/views.py"] = "get_object_or_404(Referral, key=key)\n"
    planted["templates/a.html"] = "{{ words|safe }}\n"
    for name, code in planted.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(code)
    said = subprocess.run(
        [SEMGREP.resolve(), "scan", *QUIETLY,
         "--config", scanners.RULES, "."],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = {finding.rule for finding in scanners.of_semgrep(said, tmp_path)}
    assert {*PLANTED, "every-referral", "unescaped-in-a-template"} - found == set()
