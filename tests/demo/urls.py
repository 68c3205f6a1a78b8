"""The portal's addresses with those of the demonstration."""

from django.urls import include, path

from prevent_portal import urls

urlpatterns = [path("demo/", include("demo.urls")), *urls.urlpatterns]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
