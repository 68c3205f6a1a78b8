"""The public pages for machines: news as RSS, and the list of addresses for search engines."""

from datetime import datetime, time

from django.contrib.auth.decorators import login_not_required
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps import views as sitemap_views
from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from wagtail.models import Page

from guidance import languages
from guidance.models import NewsPage, PageEdition, address_of

NEWEST = 30


class NewsFeed(Feed[NewsPage, None]):
    """News, newest first."""

    feed_type = Rss201rev2Feed
    title = _("Prevent portal: news")
    link = "/news/"
    description = _("News about the Prevent guidance and this portal.")

    def items(self) -> QuerySet[NewsPage]:
        newest: QuerySet[NewsPage] = NewsPage.current().order_by("-published_on", "-path")
        return newest[:NEWEST]

    def item_title(self, item: NewsPage) -> str:
        return str(item.title)

    def item_description(self, item: NewsPage) -> str:
        return str(item.summary)

    def item_link(self, item: NewsPage) -> str:
        return address_of(item)

    def item_pubdate(self, item: NewsPage) -> datetime:
        return timezone.make_aware(datetime.combine(item.published_on, time(9)))


class ChangesFeed(Feed[PageEdition, None]):
    """What changed on which page and why, newest first."""

    feed_type = Rss201rev2Feed
    title = _("Prevent portal: changes to the guidance")
    link = "/guidance/changes/"
    description = _("What changed on each page, and why.")

    def items(self) -> QuerySet[PageEdition]:
        newest = PageEdition.objects.select_related("edition").defer("content")
        for code in languages.OTHERS:
            newest = newest.exclude(address__startswith=f"/{code}/")
        return newest.order_by("-edition__number", "pk")[:NEWEST]

    def item_title(self, item: PageEdition) -> str:
        return item.title

    def item_description(self, item: PageEdition) -> str:
        return " ".join(part for part in (item.what, item.why) if part)

    def item_link(self, item: PageEdition) -> str:
        return item.address

    def item_guid(self, item: PageEdition) -> str:
        return f"edition-{item.edition.number}-{item.pk}"

    item_guid_is_permalink = False

    def item_pubdate(self, item: PageEdition) -> datetime:
        return item.edition.published_at


class PagesSitemap(Sitemap[Page]):
    """Every page that the search knows is public: one list for both."""

    def items(self) -> QuerySet[Page]:
        pages: QuerySet[Page] = Page.objects.live().filter(searched__isnull=False)
        return pages.order_by("path")

    def location(self, item: Page) -> str:
        return address_of(item)

    def lastmod(self, item: Page) -> datetime | None:
        published: datetime | None = item.last_published_at
        return published


@login_not_required
@require_safe
def news(request: HttpRequest) -> HttpResponse:
    return NewsFeed()(request)


@login_not_required
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    return ChangesFeed()(request)


@login_not_required
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    response: HttpResponse = sitemap_views.sitemap(request, sitemaps={"pages": PagesSitemap()})
    return response
