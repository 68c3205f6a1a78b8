from django.urls import path

from selfassessment.standards import views

app_name = "standards"
urlpatterns = [
    path("", views.sets, name="sets"),
    path("begin/", views.begin, name="begin"),
    path("<str:version>/", views.whole, name="set"),
    path("<str:version>/changes/", views.changes, name="changes"),
    path("<str:version>/add/", views.add, name="add"),
    path("<str:version>/bring-in/", views.bring_in, name="bring_in"),
    path("<str:version>/publish/", views.publish, name="publish"),
    path("<str:version>/throw-away/", views.throw_away, name="throw_away"),
    path("<str:version>/standards.<slug:kind>", views.download, name="download"),
    path("<str:version>/<str:code>/", views.standard, name="standard"),
    path("<str:version>/<str:code>/take-out/", views.take_out, name="take_out"),
]
