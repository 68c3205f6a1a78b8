"""Makes the database of one size, or what is missing of it, in one process.

Run as ``python -m bench.databases CASES`` with the portal's settings, as the owner of the tables.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prevent_portal.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from psycopg2 import sql  # noqa: E402
from wagtail.models import Page  # noqa: E402

from bench import assessments  # noqa: E402
from guidance.models import GuidanceIndex, GuidancePage  # noqa: E402
from guidance.readers import search  # noqa: E402

AGENCIES = 300
PAGES = 5_000
"""Of guidance, for the search to look through."""
COPY = "copy-"
KEPT = ("summary", "kept_by", "approver", "audience", "last_checked", "what_changed")


def main(cases: int, serving: str) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable")
    if serving:
        call_command("grant_roles")
    call_command("load_guidance")
    copy_pages(PAGES)
    call_command("make_sample", referrals=cases, agencies=AGENCIES)
    assessments.make_cycles()


@transaction.atomic
def copy_pages(count: int) -> None:
    """Copies of the pages of guidance below a page of their own, until there are so many."""
    there = Page.objects.filter(slug__startswith=COPY).count()
    if there >= count:
        return
    pages = list(GuidancePage.objects.live().exclude(slug__startswith=COPY).order_by("path")[:40])
    above = _page_of_copies(pages[0])
    copies = [_copy(pages[number % len(pages)], number, above) for number in range(count)]
    Page.objects.filter(slug__startswith=COPY).delete()
    Page.objects.bulk_create(copies, batch_size=1_000)
    Page.objects.filter(pk=above.pk).update(numchild=count)
    columns = [
        field.column
        for field in GuidancePage._meta.local_concrete_fields
        if field.column != "page_ptr_id"
    ]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL(
        "INSERT INTO guidance_guidancepage (page_ptr_id, {names}) "
        "SELECT %s, {names} FROM guidance_guidancepage WHERE page_ptr_id = %s"
    ).format(names=names)
    with connection.cursor() as cursor:
        originals = [pages[number % len(pages)].pk for number in range(count)]
        cursor.executemany(
            query.as_string(cursor.cursor),
            [(copy.pk, pk) for copy, pk in zip(copies, originals, strict=True)],
        )
    texts = [" ".join([page.summary, *page.headings]) for page in pages]
    search.keep((copy, texts[number % len(texts)]) for number, copy in enumerate(copies))


def _page_of_copies(like: GuidancePage) -> Page:
    found = Page.objects.filter(slug="copies").first()
    if found is None:
        index = GuidanceIndex.objects.live().order_by("path")[:1].get()
        page = GuidancePage(
            title="Copies",
            slug="copies",
            **{name: getattr(like, name) for name in KEPT},
        )
        found = index.add_child(instance=page)
    return Page.objects.get(pk=found.pk)


def _copy(page: GuidancePage, number: int, above: Page) -> Page:
    slug = f"{COPY}{number}"
    return Page(
        title=f"{page.title} {number}",
        draft_title=f"{page.title} {number}",
        slug=slug,
        path=Page._get_path(above.path, above.depth + 1, number + 1),
        depth=above.depth + 1,
        url_path=f"{above.url_path}{slug}/",
        content_type_id=page.content_type_id,
        locale_id=page.locale_id,
        live=True,
        has_unpublished_changes=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
