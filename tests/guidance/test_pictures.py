"""Pictures on pages: words for each, nothing of the camera in them, served as what they are."""

from io import BytesIO

import pikepdf
import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image as Drawing
from wagtail.images import get_image_model
from wagtail.images.forms import get_image_form

from agencies.terms import Role
from guidance import content, health, loading, pictures, stored
from guidance.difference import lines
from guidance.models import GuidancePage, HomePage
from guidance.readers import printing, texts
from guidance.readers.models import PrintKind
from tests.guidance.conftest import page_of, signed_in

pytestmark = pytest.mark.django_db
PATH = "/guidance/what-to-do/"


def photograph(width: int = 40, kind: str = "JPEG", **how: object) -> bytes:
    """A picture that says in its file where it was taken."""
    drawing = Drawing.new("RGB", (width, 20), "#14415a")
    exif = Drawing.Exif()
    exif[0x010E] = "Taken at 12 Example Street"
    out = BytesIO()
    drawing.save(out, kind, exif=exif, **how)
    return out.getvalue()


def form_with(data: bytes, name: str = "street.jpg"):
    model = get_image_model()
    files = {"file": SimpleUploadedFile(name, data)}
    return get_image_form(model)({"title": "A street"}, files, instance=model())


def with_picture(**shown: object) -> GuidancePage:
    image = pictures.seeded("notice-check-share.png", "Three circles.")
    page = GuidancePage(title="Pictured", slug="pictured", kept_by="E")
    value = {"picture": {"image": image.pk, **shown}, "caption": "Below it"}
    page.body = page.body.stream_block.to_python([{"type": "picture", "value": value}])
    return page


def test_a_page_shows_its_picture_with_words_for_those_who_do_not_see_it(site, client):
    page = client.get(PATH).content.decode()
    image = get_image_model().objects.get()
    assert f'src="{image.file.url}"' in page
    assert 'alt="Three joined circles.' in page
    assert 'width="1200" height="560"' in page
    assert "most worries end at the second</figcaption>" in page.replace(".</fig", "</fig")
    assert "Three joined circles" in texts.text_of(page_of(PATH))
    assert any("Three joined circles" in line for line in lines(page_of(PATH)))


def test_it_is_served_as_what_it_is_and_nothing_else_is(site, client):
    image = get_image_model().objects.get()
    answer = client.get(image.file.url)
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.get(image.file.url, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    default_storage.save("original_images/page.png", ContentFile(b"<script>alert(1)</script>"))
    for name in ("original_images/page.png", "original_images/gone.png", "documents/a.pdf"):
        assert client.get(f"/media/{name}").status_code == 404
    assert client.get("/media/original_images/../../local.env").status_code == 404
    assert client.post(image.file.url).status_code == 405


def test_what_a_camera_wrote_into_a_picture_is_gone(site):
    form = form_with(photograph())
    assert form.is_valid(), form.errors
    kept = form.save()
    data = stored.kept(kept.file.name)
    assert data is not None
    assert b"Example Street" not in data
    assert (kept.width, kept.height) == (40, 20)


def test_a_large_picture_is_made_smaller(site):
    data, kind = pictures.drawn_again(photograph(width=3200, kind="PNG"))
    assert kind == pictures.type_of(data) == "image/png"
    with Drawing.open(BytesIO(data)) as drawing:
        assert drawing.size == (1600, 10)
    assert pictures.type_of(pictures.drawn_again(photograph(kind="WEBP"))[0]) == "image/webp"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        ("a.png", b"<html>"),
        ("a.png", photograph()),
        ("a.gif", b"GIF89a"),
        ("a.jpg", b""),
    ],
)
def test_what_is_no_picture_of_its_name_is_not_taken(site, name, data):
    assert "file" in form_with(data, name).errors


def test_a_picture_needs_words_unless_it_only_decorates(site):
    home = HomePage.objects.get()
    bare = with_picture(alt_text="", decorative=False)
    with pytest.raises(ValidationError):
        bare.body.stream_block.clean(bare.body)
    plain = with_picture(alt_text="", decorative=True)
    plain.body.stream_block.clean(plain.body)
    home.add_child(instance=bare)
    found = health.findings(timezone.localdate())["Images without words"]
    assert [(one.where, one.what) for one in found] == [("Pictured", "Say what the picture shows.")]
    get_image_model().objects.update(description="")
    found = health.findings(timezone.localdate())["Images without words"]
    assert reverse("wagtailimages:edit", args=[get_image_model().objects.get().pk]) in found[1].edit
    get_image_model().objects.all().delete()
    found = health.findings(timezone.localdate())["Images without words"]
    assert {one.what for one in found} == {"A picture that is no longer kept."}


def test_a_picture_that_is_gone_leaves_its_place_in_words(site, client):
    get_image_model().objects.all().delete()
    assert "A picture that is no longer kept." in client.get(PATH).content.decode()


def test_it_stands_in_the_document_with_its_words_and_nothing_is_fetched(site):
    made = printing.make(page_of(PATH), PrintKind.PAGE, timezone.now())
    with pikepdf.open(BytesIO(bytes(made.pdf))) as document:
        images = [name for page in document.pages for name in page.images]
        said = [str(one.get("/Alt", "")) for one in document.objects if hasattr(one, "get")]
    assert images
    assert any("Three joined circles" in words for words in said)


def test_loading_again_keeps_one_picture(site):
    loading.load()
    assert get_image_model().objects.count() == 1


def test_a_file_that_names_no_picture_is_said_to(site):
    for line, what in (("Picture: no.png | Words", "no file no.png"), ("Picture: a", "write")):
        with pytest.raises(content.ContentError, match=what):
            content.stream(line, lambda address: f'href="{address}"')


def test_editors_add_pictures_and_administrators_do_not(site, give):
    editor = signed_in(give(Role.GUIDANCE_EDITOR).person)
    assert editor.get(reverse("wagtailimages:index")).status_code == 200
    sent = {"title": "A street", "file": SimpleUploadedFile("street.jpg", photograph())}
    assert editor.post(reverse("wagtailimages:add"), sent).status_code == 302
    admin = signed_in(give(Role.PORTAL_ADMIN).person)
    assert admin.get(reverse("wagtailimages:add")).status_code == 302
