from django.urls import path, re_path

from selfassessment.board import views

urlpatterns = [
    path("", views.heat_map, name="board"),
    path("taking-part/", views.taking_part, name="board_taking_part"),
    path("standards/", views.by_standard, name="board_standards"),
    path("standards/<code:code>/", views.one_standard, name="board_standard"),
    path("years/", views.year_on_year, name="board_years"),
    re_path(
        r"^(?P<name>map|taking-part|standards)\.(?P<ending>csv|xlsx)$",
        views.sheet,
        name="board_sheet",
    ),
]
