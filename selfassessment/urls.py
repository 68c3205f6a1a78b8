from django.urls import include, path

from selfassessment import converters
from selfassessment.views import (
    consultation,
    helping,
    history,
    home,
    overview,
    standard,
    talking,
    years,
)

converters.register()

app_name = "selfassessment"
urlpatterns = [
    path("", home.home, name="home"),
    # Each room's own addresses, one line for a room, before those that any code may follow.
    path("", include("selfassessment.reports.urls")),
    path("board/", include("selfassessment.board.urls")),
    path("", include("selfassessment.signing_urls")),
    path("actions/", include("selfassessment.actions.own_urls")),
    path("<form_key:key>/actions/", include("selfassessment.actions.urls")),
    path("<form_key:key>/evidence/", include("selfassessment.evidence.urls")),
    path("", include("selfassessment.moderation.urls")),
    path("<form_key:key>/", overview.overview, name="overview"),
    path("<form_key:key>/people/", helping.people, name="people"),
    path("<form_key:key>/people/<int:pk>/take-back/", helping.take_back, name="take_back"),
    path("<form_key:key>/people/<int:pk>/let-go/", helping.let_go, name="let_go"),
    path("<form_key:key>/consultation/", consultation.consultation, name="consultation"),
    path("<form_key:key>/years/", years.years, name="years"),
    path("<form_key:key>/history/", history.history, name="history"),
    path("<form_key:key>/<code:code>/history/", history.history, name="history_of"),
    path("<form_key:key>/<code:code>/comments/", talking.comment, name="comment"),
    path(
        "<form_key:key>/<code:code>/comments/<int:pk>/dealt-with/",
        talking.deal_with,
        name="deal_with",
    ),
    path("<form_key:key>/<code:code>/", standard.standard, name="standard"),
    path("<form_key:key>/<code:code>/keep/", standard.keep, name="keep"),
]
