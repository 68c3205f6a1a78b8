from django.urls import path

from selfassessment.actions import views

urlpatterns = [
    path("", views.plan, name="actions"),
    path("plan.csv", views.as_table, name="actions_csv"),
    path("new/", views.make, name="action_new"),
    path("<int:pk>/", views.action, name="action"),
    path("<int:pk>/change/", views.change, name="action_change"),
    path("<int:pk>/to/<slug:to>/", views.move, name="action_move"),
    path("<int:pk>/help/", views.help_asked, name="action_help"),
]
