"""Who may have a picture or a file: whoever may read a published page that uses it.

What stands on a public page is public. What stands only on pages for members is theirs, and what
stands on no published page, a draft's for one, is shown to those who work on pages. Which page uses
what is in Wagtail's index of references; ``receivers`` keeps it true at the moment of publishing.
"""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import BigIntegerField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Page, ReferenceIndex

from accounts.models import User
from agencies.models import Membership
from agencies.terms import Role
from guidance.models import MembersPage

EDITORS = {Role.GUIDANCE_EDITOR, Role.GUIDANCE_APPROVER}


def of_picture(name: str) -> QuerySet[Any]:
    """References to a picture, by its name in the storage or that of a smaller one made of it."""
    model = get_image_model()
    if name.startswith("original_images/"):
        keys = model.objects.filter(file=name).values(key=Cast("pk", TextField()))
    else:
        smaller = model.get_rendition_model().objects.filter(file=name)
        keys = smaller.values(key=Cast("image_id", TextField()))
    return _to(model).filter(to_object_id__in=keys)


def of_download(pk: int) -> QuerySet[Any]:
    return _to(get_document_model()).filter(to_object_id=str(pk))


def _to(model: type[Model]) -> QuerySet[Any]:
    """References of pages to anything of a kind."""
    kind = ContentType.objects.get_for_model
    references: QuerySet[Any] = ReferenceIndex.objects.filter(
        base_content_type=kind(Page), to_content_type=kind(model)
    )
    return references


def is_public(references: QuerySet[Any]) -> bool:
    """Whether a published page that anyone may read is among those that refer; one query."""
    return _public(references).exists()


def may_have(user: User, references: QuerySet[Any]) -> bool:
    """Whether a person who is signed in may read one of the pages that refer; two queries."""
    held = set(Membership.objects.active().filter(person=user).values_list("role", flat=True))
    if held & EDITORS:
        return True
    theirs = Q(readers=[]) | Q(readers__overlap=sorted(held))
    members = MembersPage.objects.filter(theirs).values("pk")
    published = Page.objects.live().filter(pk__in=_pages(references))
    return bool(published.filter(~_for_members() | Q(pk__in=members)).exists())


def _public(references: QuerySet[Any]) -> QuerySet[Page]:
    pages: QuerySet[Page] = Page.objects.live().filter(pk__in=_pages(references))
    return pages.exclude(_for_members())


def _for_members() -> Q:
    return Q(content_type=ContentType.objects.get_for_model(MembersPage))


def _pages(references: QuerySet[Any]) -> QuerySet[Any]:
    return references.values(number=Cast("object_id", BigIntegerField()))
