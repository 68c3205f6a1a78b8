"""What readers do. Before Wagtail's addresses, which answer to anything."""

from django.urls import path

from guidance.readers import feeds, reading_views, views
from guidance.readers.models import PrintKind

app_name = "readers"
urlpatterns = [
    path("search/", views.find, name="search"),
    path("cy/search/", views.find, {"language": "cy"}, name="search_cy"),
    path("updates/", views.follow, name="updates"),
    path("updates/asked/", views.asked, name="asked"),
    path("updates/confirm/<str:token>/", views.confirm, name="confirm"),
    path("updates/stop/<str:token>/", views.stop, name="stop"),
    path("print/<int:pk>.pdf", views.printed, {"kind": PrintKind.PAGE}, name="pdf"),
    path("print/<int:pk>-to-fold.pdf", views.printed, {"kind": PrintKind.FOLDED}, name="folded"),
    path("print/whole/<int:pk>.pdf", views.printed, {"kind": PrintKind.WHOLE}, name="whole"),
    path("useful/<int:pk>/", views.useful, name="useful"),
    path("suggest/<int:pk>/", views.suggest, name="suggest"),
    path("reading/", reading_views.mine, name="reading"),
    path("reading/ask/", reading_views.ask, name="reading_ask"),
    path("reading/<int:pk>/confirm/", reading_views.confirm, name="reading_confirm"),
    path("reading/<int:pk>/", reading_views.state, name="reading_state"),
    path("reading/<int:pk>/remind/", reading_views.remind, name="reading_remind"),
    path("reading/<int:pk>/end/", reading_views.end, name="reading_end"),
    path("reading/<int:pk>/state.csv", reading_views.table, name="reading_csv"),
    path("reading/<int:pk>/state.pdf", reading_views.document, name="reading_pdf"),
    path("news/feed/", feeds.news, name="news_feed"),
    path("guidance/changes/feed/", feeds.changes, name="changes_feed"),
    path("sitemap.xml", feeds.sitemap, name="sitemap"),
]
