from django.urls import path

from selfassessment import converters
from selfassessment.standards import views

converters.register()

app_name = "standards"
urlpatterns = [
    path("", views.sets, name="sets"),
    path("begin/", views.begin, name="begin"),
    path("<version:version>/", views.whole, name="set"),
    path("<version:version>/changes/", views.changes, name="changes"),
    path("<version:version>/add/", views.add, name="add"),
    path("<version:version>/bring-in/", views.bring_in, name="bring_in"),
    path("<version:version>/publish/", views.publish, name="publish"),
    path("<version:version>/throw-away/", views.throw_away, name="throw_away"),
    path("<version:version>/standards.<slug:kind>", views.download, name="download"),
    path("<version:version>/<slug:code>/", views.standard, name="standard"),
    path("<version:version>/<slug:code>/take-out/", views.take_out, name="take_out"),
]
