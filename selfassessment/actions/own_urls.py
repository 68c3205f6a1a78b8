from django.urls import path

from selfassessment.actions import views

urlpatterns = [
    path("mine/", views.mine, name="my_actions"),
    path("late/", views.late, name="late_actions"),
]
