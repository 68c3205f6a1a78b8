"""Files to download: made harmless, given as downloads, and to those who may read their pages."""

from datetime import date, datetime, time, timedelta
from io import BytesIO

import pikepdf
import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.documents import get_document_model
from wagtail.documents.forms import get_document_form
from wagtail.images import get_image_model
from wagtail.images.forms import get_image_form

from agencies.terms import Role
from clauses.models import Edition
from files.terms import FileState
from guidance import health, scanning, stored, visibility
from guidance.difference import lines
from guidance.models import DatedPage, GuidancePage, HomePage, MembersPage, PageEdition
from guidance.readers import printing
from guidance.readers.models import Print, PrintKind
from guidance.scanning import FileCheck
from outbox.models import Message
from tests.guidance.conftest import signed_in
from tests.guidance.test_pictures import form_with, photograph
from tests.referrals import clamd, hostile

pytestmark = pytest.mark.django_db


def pdf(*, running: bool = False) -> bytes:
    """A document of one page that says who wrote it; it may run something when it is opened."""
    out = BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.docinfo["/Author"] = "Robin Example"
        if running:
            made.Root.OpenAction = pikepdf.Dictionary(
                S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)")
            )
        made.save(out)
    return out.getvalue()


def document_form(data: bytes, name: str):
    model = get_document_model()
    files = {"file": SimpleUploadedFile(name, data)}
    return get_document_form(model)({"title": "A form"}, files, instance=model())


def uploaded(*, clean: bool = True):
    form = document_form(pdf(), "a form.pdf")
    assert form.is_valid(), form.errors
    document = form.save()
    if clean:
        FileCheck.objects.update(state=FileState.CLEAN)
    return document


def photographed():
    form = form_with(photograph())
    assert form.is_valid(), form.errors
    return form.save()


def with_both(page, *, document, image):
    page.body = page.body.stream_block.to_python(
        [
            {"type": "download", "value": {"title": "The form", "file": document.pk}},
            {
                "type": "picture",
                "value": {"picture": {"image": image.pk, "alt_text": "A street"}},
            },
        ]
    )
    return page


def published(page, **shown):
    HomePage.objects.get(locale__language_code="en-gb").add_child(instance=page)
    with_both(page, **shown).save_revision().publish()
    return page


def given(client: Client, *addresses: str) -> list[bool]:
    """Which of the addresses lead to what is kept there, and not to a door."""
    kinds = {"image/jpeg", "application/pdf"}
    return [client.get(each, follow=True)["Content-Type"] in kinds for each in addresses]


def test_a_file_is_written_anew_when_it_is_added(site):
    document = uploaded()
    data = stored.kept(document.file.name)
    assert data is not None
    assert data.startswith(b"%PDF")
    with pikepdf.open(BytesIO(data)) as kept:
        assert "Robin Example" not in map(str, kept.docinfo.values())
    assert document.file_size == len(data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdf", pdf(running=True)),
        ("a.pdf", b"<html><script>alert(1)</script>"),
        ("a.html", b"<html>"),
        ("a.png", photograph(kind="PNG")),
        ("a.docx", b"PK\x03\x04"),
        ("a.xlsm", b"PK\x03\x04"),
        ("a.pdf", b""),
        ("a.pdf", b"%PDF-1.7" + bytes(10_000_000)),
    ],
)
def test_what_cannot_be_made_harmless_is_not_taken(site, name, data):
    assert "file" in document_form(data, name).errors


def test_a_file_of_a_public_page_is_given_as_a_download_with_its_type_and_size(site, client):
    document, image = uploaded(), photographed()
    page = published(
        GuidancePage(title="Forms", slug="forms", kept_by="E"), document=document, image=image
    )
    shown = client.get("/forms/").content.decode()
    assert f'href="{document.url}">The form (PDF, 1 KB)</a>' in shown
    assert any(f"The form {document.url} PDF, 1 KB" in line for line in lines(page))
    answer = client.get(document.url)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="a-form.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert client.get(document.url, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client.post(document.url).status_code == 405
    assert client.get(reverse("wagtaildocs_serve", args=[10**6, "a.pdf"])).status_code == 404
    document.delete()
    assert "A file that is no longer kept." in client.get("/forms/").content.decode()
    found = health.findings(timezone.localdate())["Downloads without a file"]
    assert [one.where for one in found] == ["Forms"]


def test_what_stands_on_no_published_page_is_for_editors_only(site, client, give):
    document, image = uploaded(), photographed()
    addresses = [image.file.url, document.url]
    page = GuidancePage(title="Draft", slug="draft", kept_by="E", live=False)
    HomePage.objects.get(locale__language_code="en-gb").add_child(instance=page)
    with_both(page, document=document, image=image).save_revision()
    assert given(client, *addresses) == [False, False]
    assert given(signed_in(give(Role.MODERATOR).person), *addresses) == [False, False]
    editor = give(Role.GUIDANCE_EDITOR)
    assert given(signed_in(editor.person), *addresses) == [True, True]
    assert given(signed_in(editor.person, second_factor=False), *addresses) == [False, False]
    page.get_latest_revision().publish()
    assert given(client, *addresses) == [True, True]
    later = page.specific_class.objects.get(pk=page.pk)
    later.body = later.body.stream_block.to_python([])
    later.save_revision()  # a draft takes nothing away
    assert given(client, *addresses) == [True, True]
    later.get_latest_revision().publish()
    assert given(client, *addresses) == [True, True]  # the edition before still shows it
    page.get_latest_revision().as_object().unpublish()
    editor.ends_on = timezone.localdate() - timedelta(days=1)
    editor.save()
    never = [photographed().file.url, uploaded().url]
    assert given(signed_in(editor.person), *never) == [False, False]


def test_what_an_edition_of_a_day_gone_by_shows_stays_readable_in_it(site, client):
    document, image = uploaded(), photographed()
    page = published(
        GuidancePage(title="Forms", slug="forms", kept_by="E"), document=document, image=image
    )
    PageEdition.objects.filter(page=page.pk).update(edition=_edition_of(date(2026, 3, 3)))
    page.body = page.body.stream_block.to_python([])
    page.save_revision().publish()
    assert image.file.url not in client.get("/forms/").content.decode()
    page.unpublish()
    then = client.get("/forms/?on=2026-03-03").content.decode()
    assert f'src="{image.file.url}"' in then
    assert f'href="{document.url}"' in then
    assert given(client, image.file.url, document.url) == [True, True]
    page.delete()
    assert f'src="{image.file.url}"' in client.get("/forms/?on=2026-03-03").content.decode()
    assert given(client, image.file.url, document.url) == [True, True]


def _edition_of(day: date) -> Edition:
    noon = timezone.make_aware(datetime.combine(day, time(12)))
    return Edition.objects.create(number=90001, published_at=noon)


def test_what_readers_were_shown_is_not_changed_under_them(site):
    document, image = uploaded(), photographed()
    picture_form, file_form = get_image_form(type(image)), get_document_form(type(document))
    changed = {
        picture_form: (image, SimpleUploadedFile("new.jpg", photograph(60))),
        file_form: (document, SimpleUploadedFile("new.pdf", pdf())),
    }
    for form, (kept, file) in changed.items():  # before it is published it may be put right
        assert form({"title": "New"}, {"file": file}, instance=kept).is_valid()
    document.refresh_from_db()
    image.refresh_from_db()
    published(
        GuidancePage(title="Forms", slug="forms", kept_by="E"), document=document, image=image
    )
    for form, (kept, file) in changed.items():
        file.seek(0)
        filled = form({"title": "New"}, {"file": file}, instance=type(kept).objects.get(pk=kept.pk))
        assert "Add the new one beside it" in str(filled.errors["file"])
        assert form({"title": "New"}, {}, instance=type(kept).objects.get(pk=kept.pk)).is_valid()


# --- The virus check ------------------------------------------------------------------------------
def offering(document) -> GuidancePage:
    page = GuidancePage(title="Forms", slug="forms", kept_by="E")
    HomePage.objects.get(locale__language_code="en-gb").add_child(instance=page)
    page.body = page.body.stream_block.to_python(
        [{"type": "download", "value": {"title": "The form", "file": document.pk}}]
    )
    page.save_revision().publish()
    return page


def paper(page) -> None:
    printing.make(GuidancePage.objects.get(pk=page.pk), PrintKind.PAGE, timezone.now())


def test_readers_get_a_file_once_the_scanner_has_found_it_clean(site, client, settings, tmp_path):
    document = uploaded(clean=False)
    page = offering(document)
    paper(page)
    shown = client.get("/forms/").content.decode()
    assert "The form: The file is being checked for viruses." in shown
    assert document.url not in shown
    refused = client.get(document.url)
    assert refused.status_code == 404
    assert "once it has been checked for viruses" in refused.content.decode()
    assert "public" not in refused.headers.get("Cache-Control", "")
    waiting = health.findings(timezone.localdate())["Files that readers cannot have yet"]
    assert [(one.where, one.what) for one in waiting] == [
        ("Forms", "There is no virus scanner, so it waits.")
    ]
    now = timezone.now()
    settings.SCANNER = "clamd://127.0.0.1:9"  # nobody is there
    scanning.check_due(now)
    assert document.virus_check.state == FileState.PENDING
    with clamd.running(tmp_path) as (address, daemon):
        settings.SCANNER = address
        scanning.check_due(now)  # not before it is due again
        assert daemon.scanned == []
        scanning.check_due(now + timedelta(minutes=2))
        assert daemon.scanned == [stored.kept(document.file.name)]
    assert f'href="{document.url}"' in client.get("/forms/").content.decode()
    assert given(client, document.url) == [True]
    assert not Print.objects.filter(page_id=page.pk).exists()  # its paper is made anew
    assert health.findings(timezone.localdate())["Files that readers cannot have yet"] == []


def test_a_file_with_a_virus_is_destroyed_and_its_editor_is_told(
    site, client, settings, tmp_path, give, django_capture_on_commit_callbacks
):
    editor = give(Role.GUIDANCE_EDITOR).person
    bad, good = uploaded(clean=False), uploaded(clean=False)
    type(bad).objects.filter(pk=bad.pk).update(uploaded_by_user=editor)
    offering(bad)
    with default_storage.open(bad.file.name, "wb") as file:
        file.write(b"%PDF-1.7 " + hostile.EICAR)
    with clamd.running(tmp_path) as (address, _daemon):
        settings.SCANNER = address
        with django_capture_on_commit_callbacks(execute=True):
            scanning.check_due(timezone.now())
    states = dict(FileCheck.objects.values_list("pk", "state"))
    assert states == {bad.pk: FileState.INFECTED, good.pk: FileState.CLEAN}
    assert not default_storage.exists(bad.file.name)
    assert "The file did not pass the virus check" in client.get("/forms/").content.decode()
    assert given(signed_in(editor), bad.url, good.url) == [False, True]
    (told,) = Message.objects.filter(kind="guidance.file_held_back")
    assert told.to_person == editor
    assert "had a virus" in told.body
    settings.REQUIRE_SCAN = False  # nor in a demonstration
    assert given(client, bad.url) == [False]


def test_what_the_scanner_cannot_read_is_never_given_to_readers(
    site, client, settings, tmp_path, give
):
    editor, other = give(Role.GUIDANCE_EDITOR).person, give(Role.GUIDANCE_APPROVER).person
    document = uploaded(clean=False)
    type(document).objects.update(uploaded_by_user=editor)
    now = timezone.now()
    with clamd.running(tmp_path) as (address, daemon):
        settings.SCANNER = address
        daemon.answer = b"INSTREAM size limit exceeded. ERROR\0"
        for hours in range(3):
            scanning.check_due(now + timedelta(hours=hours))
    document.virus_check.refresh_from_db()
    assert document.virus_check.state == FileState.FAILED
    offering(document)
    assert given(client, document.url) == [False]
    assert given(signed_in(other), document.url) == [False]
    assert given(signed_in(editor), document.url) == [True]  # it is their own file
    told = Message.objects.filter(kind="guidance.file_held_back")
    assert {each.to_person for each in told} == {editor, other}


def test_files_of_before_the_check_and_new_files_wait_for_it(site):
    document = uploaded()
    document.file.save("again.pdf", ContentFile(pdf()))  # another file under the same title
    document.virus_check.refresh_from_db()
    assert document.virus_check.state == FileState.PENDING
    FileCheck.objects.all().delete()  # as it was before the portal checked
    assert scanning.held_back([document.pk]) == {document.pk: FileState.PENDING}
    scanning.check_due(timezone.now())
    assert FileCheck.objects.get().file == document.file.name


def test_an_editor_is_told_of_the_check_before_choosing_a_file(site, settings):
    form = get_document_form(get_document_model())
    for scanner, required, said in (
        ("clamd:///run/clamd.ctl", True, "once the virus check has found nothing"),
        ("", True, "no virus scanner"),
        ("", False, "no file is checked"),
    ):
        settings.SCANNER, settings.REQUIRE_SCAN = scanner, required
        assert said in form().fields["file"].help_text


def test_what_stands_on_a_page_for_members_is_theirs(site, client, give):
    document, image = uploaded(), photographed()
    addresses = [image.file.url, document.url]
    page = MembersPage(title="For us", slug="for-us", kept_by="E", readers=[Role.MODERATOR])
    published(page, document=document, image=image)
    assert given(client, *addresses) == [False, False]
    moderator = signed_in(give(Role.MODERATOR).person)
    assert given(moderator, *addresses) == [True, True]
    assert moderator.get(document.url, follow=True)["Cache-Control"] == "no-store"
    assert given(signed_in(give(Role.BOARD_MEMBER).person), *addresses) == [False, False]
    page.unpublish()
    assert given(moderator, *addresses) == [False, False]


def test_asking_who_may_have_it_takes_three_queries(site, give, django_assert_max_num_queries):
    document, image = uploaded(), photographed()
    page = MembersPage(title="For us", slug="for-us", kept_by="E", readers=[Role.MODERATOR])
    published(page, document=document, image=image)
    person = give(Role.MODERATOR).person
    smaller = image.get_rendition("max-20x20").file.name
    for name in (image.file.name, smaller):
        with django_assert_max_num_queries(1):
            assert not visibility.is_public(visibility.of_picture(name))
        with django_assert_max_num_queries(3):
            assert visibility.may_have(person, visibility.of_picture(name))
    with django_assert_max_num_queries(3):
        assert visibility.may_have(person, visibility.of_download(document.pk))


def test_a_download_is_a_file_or_an_address(site):
    document = uploaded()
    block = DatedPage._meta.get_field("body").stream_block.child_blocks["download"]
    for file, address, fine in (
        (document.pk, "", True),
        (None, "https://example.org/form", True),
        (None, "", False),
        (document.pk, "/contacts/", False),
    ):
        value = block.to_python({"title": "A form", "file": file, "address": address})
        if fine:
            block.clean(value)
        else:
            with pytest.raises(ValidationError):
                block.clean(value)


def test_editors_add_files_and_administrators_do_not(site, give):
    editor = signed_in(give(Role.GUIDANCE_EDITOR).person)
    sent = {"title": "A form", "file": SimpleUploadedFile("form.pdf", pdf())}
    assert editor.post(reverse("wagtaildocs:add"), sent).status_code == 302
    document = get_document_model().objects.get()
    assert document.url in editor.get(reverse("wagtaildocs:index")).content.decode()
    assert get_image_model().objects.count() == 1
    admin = signed_in(give(Role.PORTAL_ADMIN).person)
    assert admin.get(reverse("wagtaildocs:add")).status_code == 302
