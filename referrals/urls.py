from django.urls import path

from referrals import gate

app_name = "referrals"
urlpatterns = [
    path("start/", gate.gate, name="start"),
    path("start/stop/", gate.stop, name="stop"),
]
