from django.urls import path

from selfassessment.evidence import views

urlpatterns = [
    path("", views.library, name="evidence"),
    path("add/", views.add, name="evidence_add"),
    path("last-year/", views.carry, name="evidence_carry"),
    path("pack/", views.take_pack, name="evidence_pack"),
    path("pack/<uuid:pk>.zip", views.ready_pack, name="evidence_ready_pack"),
    path("file/<uuid:pk>/", views.file, name="evidence_file"),
    path("file/<uuid:pk>/picture.jpg", views.picture, name="evidence_picture"),
    path("<uuid:pk>/", views.item, name="evidence_item"),
    path("<uuid:pk>/change/", views.change, name="evidence_change"),
    path("<uuid:pk>/replace/", views.replace, name="evidence_replace"),
    path("<uuid:pk>/take-away/", views.take_away, name="evidence_take_away"),
]
