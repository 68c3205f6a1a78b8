"""Public pages. Wagtail's own password and sign-in pages are left out on purpose."""

from django.urls import path, re_path
from wagtail.urls import serve_pattern

from guidance import views

urlpatterns = [
    path("robots.txt", views.robots, name="robots"),
    # Wagtail's names of what was added and of what it made smaller for its own screens.
    re_path(r"^media/((?:original_images|images)/[\w\-.]+)$", views.picture, name="picture"),
    path("documents/<int:pk>/<str:name>", views.download, name="wagtaildocs_serve"),
    # The same for people who are signed in, who may have more.
    re_path(
        r"^members/((?:original_images|images)/[\w\-.]+)$",
        views.members_picture,
        name="members_picture",
    ),
    path("members/documents/<int:pk>/", views.members_download, name="members_download"),
    path("members/<int:pk>/", views.members, name="guidance_members"),
    path("favicon.ico", views.favicon, name="favicon"),
    re_path(r"^((?:[\w\-]+/)*)changes/$", views.changes, name="guidance_changes"),
    re_path(serve_pattern, views.page, name="wagtail_serve"),
]
