"""Who may have a picture or a file: whoever may read a published page that uses it.

What an edition of a public page shows is public for as long as it is kept: the page can be read as
it was on that day, and is read whole. What stands only on pages for members is theirs, and what was
never published, a draft's for one, is shown to those who work on pages.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import BigIntegerField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast
from wagtail.documents import get_document_model
from wagtail.documents.models import AbstractDocument
from wagtail.images import get_image_model
from wagtail.images.models import AbstractImage
from wagtail.models import Page, ReferenceIndex

from accounts.models import User
from agencies.models import Membership
from agencies.terms import Role
from guidance.models import MembersPage, PageEdition

EDITORS = {Role.GUIDANCE_EDITOR, Role.GUIDANCE_APPROVER}


@dataclass(frozen=True)
class Uses:
    """Where a picture or a file stands."""

    editions: QuerySet[PageEdition]  # of public pages, with those of days gone by
    references: QuerySet[Any]  # of pages as they are now, drafts left out


def of_picture(name: str) -> Uses:
    """Of a picture, by its name in the storage or that of a smaller one made of it."""
    model = get_image_model()
    if name.startswith("original_images/"):
        named, key = model.objects.filter(file=name), "pk"
    else:
        named, key = model.get_rendition_model().objects.filter(file=name), "image_id"
    shown = PageEdition.objects.filter(pictures__overlap=named.values_list(key)).order_by()
    keys = named.values(key=Cast(key, TextField()))
    return Uses(shown, _to(model).filter(to_object_id__in=keys))


def of_download(pk: int) -> Uses:
    shown = PageEdition.objects.filter(downloads__contains=[pk]).order_by()
    return Uses(shown, _to(get_document_model()).filter(to_object_id=str(pk)))


def is_in_an_edition(kept: AbstractImage | AbstractDocument) -> bool:
    """Whether readers have been shown a picture or given a file: then it stays as it was."""
    if kept.pk is None:
        return False
    shows = "pictures" if isinstance(kept, AbstractImage) else "downloads"
    return PageEdition.objects.filter(**{f"{shows}__contains": [kept.pk]}).exists()


def _to(model: type[Model]) -> QuerySet[Any]:
    """References of pages to anything of a kind."""
    kind = ContentType.objects.get_for_model
    references: QuerySet[Any] = ReferenceIndex.objects.filter(
        base_content_type=kind(Page), to_content_type=kind(model)
    )
    return references


def is_public(uses: Uses) -> bool:
    """Whether a page that anyone may read shows it, now or on a day gone by; one query."""
    return uses.editions.exists()


def may_have(user: User, uses: Uses) -> bool:
    """Whether a person who is signed in may read one of the pages; three queries."""
    held = set(Membership.objects.active().filter(person=user).values_list("role", flat=True))
    if held & EDITORS or is_public(uses):
        return True
    theirs = Q(readers=[]) | Q(readers__overlap=sorted(held))
    pages = uses.references.values(number=Cast("object_id", BigIntegerField()))
    return bool(MembersPage.objects.live().filter(theirs, pk__in=pages).exists())
