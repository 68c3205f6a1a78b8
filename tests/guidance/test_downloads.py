"""Files to download: made harmless, given as downloads, and to those who may read their pages."""

from datetime import timedelta
from io import BytesIO

import pikepdf
import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.documents import get_document_model
from wagtail.documents.forms import get_document_form
from wagtail.images import get_image_model

from agencies.terms import Role
from guidance import health, pictures, visibility
from guidance.difference import lines
from guidance.models import DatedPage, GuidancePage, HomePage, MembersPage
from tests.guidance.conftest import signed_in
from tests.guidance.test_pictures import form_with, photograph

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


def uploaded():
    form = document_form(pdf(), "a form.pdf")
    assert form.is_valid(), form.errors
    return form.save()


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
    data = pictures.kept(document.file.name)
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
    assert given(client, *addresses) == [False, False]
    page.get_latest_revision().as_object().unpublish()
    editor.ends_on = timezone.localdate() - timedelta(days=1)
    editor.save()
    assert given(signed_in(editor.person), *addresses) == [False, False]


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


def test_asking_who_may_have_it_takes_two_queries(site, give, django_assert_max_num_queries):
    document, image = uploaded(), photographed()
    page = MembersPage(title="For us", slug="for-us", kept_by="E", readers=[Role.MODERATOR])
    published(page, document=document, image=image)
    person = give(Role.MODERATOR).person
    smaller = image.get_rendition("max-20x20").file.name
    for name in (image.file.name, smaller):
        with django_assert_max_num_queries(1):
            assert not visibility.is_public(visibility.of_picture(name))
        with django_assert_max_num_queries(2):
            assert visibility.may_have(person, visibility.of_picture(name))
    with django_assert_max_num_queries(2):
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
