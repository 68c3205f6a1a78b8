from django.urls import include, path

from selfassessment import converters
from selfassessment.views import home, overview, standard

converters.register()

app_name = "selfassessment"
urlpatterns = [
    path("", home.home, name="home"),
    # Each room's own addresses, one line for a room, before those that any code may follow.
    path("", include("selfassessment.reports.urls")),
    path("board/", include("selfassessment.board.urls")),
    path("<form_key:key>/", overview.overview, name="overview"),
    path("<form_key:key>/<code:code>/", standard.standard, name="standard"),
    path("<form_key:key>/<code:code>/keep/", standard.keep, name="keep"),
]
