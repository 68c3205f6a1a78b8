"""What readers do. Before Wagtail's addresses, which answer to anything."""

from django.urls import path

from guidance.readers import feeds, views
from guidance.readers.models import PrintKind

app_name = "readers"
urlpatterns = [
    path("search/", views.find, name="search"),
    path("updates/", views.follow, name="updates"),
    path("updates/asked/", views.asked, name="asked"),
    path("updates/confirm/<str:token>/", views.confirm, name="confirm"),
    path("updates/stop/<str:token>/", views.stop, name="stop"),
    path("print/<int:pk>.pdf", views.printed, {"kind": PrintKind.PAGE}, name="pdf"),
    path("print/<int:pk>-to-fold.pdf", views.printed, {"kind": PrintKind.FOLDED}, name="folded"),
    path("print/whole/<int:pk>.pdf", views.printed, {"kind": PrintKind.WHOLE}, name="whole"),
    path("useful/<int:pk>/", views.useful, name="useful"),
    path("suggest/<int:pk>/", views.suggest, name="suggest"),
    path("news/feed/", feeds.news, name="news_feed"),
    path("sitemap.xml", feeds.sitemap, name="sitemap"),
]
