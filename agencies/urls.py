"""My agency: people, invitations, leads and deputies, days away."""

from django.urls import path

from agencies import import_views, logo_views, mail_views, set_up_views, staff_views, views

app_name = "agencies"
urlpatterns = [
    path("", views.home, name="home"),
    path("join/", views.join, name="join"),
    path("act-for/", views.act_for, name="act_for"),
    path("details/", views.details, name="details"),
    path("invitation/", views.invitation, name="invitation"),
    path("invitation/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("invitation/<int:pk>/again/", staff_views.invite_again, name="invite_again"),
    path("absence/", views.absence, name="absence"),
    path("absence/of/<int:person>/", views.absence, name="absence_of"),
    path("absence/<int:pk>/end/", views.end_absence, name="end_absence"),
    path("second-step/<int:person>/", views.reset_second_factor, name="reset_second_factor"),
    path("health/", views.health_page, name="health"),
    path("going-live/", set_up_views.going_live, name="going_live"),
    path("mail/", mail_views.page, name="mail"),
    path("mail/again/", mail_views.again, name="mail_again_all"),
    path("mail/<uuid:pk>/again/", mail_views.again, name="mail_again"),
    path("mail/<uuid:pk>/give-up/", mail_views.give_up, name="mail_give_up"),
    path("import/", import_views.page, name="import"),
    path("import/<slug:kind>.csv", import_views.template, name="import_template"),
    path("retention/", set_up_views.rules, name="retention"),
    path("retention/<int:pk>/sign/", set_up_views.sign_rule, name="sign_rule"),
    path("retention/<slug:kind>/", set_up_views.propose_rule, name="propose_rule"),
    path("member/<int:pk>/confirm/", views.confirm, name="confirm"),
    path("member/<int:pk>/decline/", views.decline, name="decline"),
    path("member/<int:pk>/change/", views.change, name="change"),
    path("member/<int:pk>/end/", views.end, name="end"),
    path("member/<int:pk>/move/", staff_views.move, name="move"),
    path("leaver/<int:person>/", staff_views.leaver, name="leaver"),
    path("<slug:place>/", views.people_page, name="people"),
    path("<slug:place>/invite/", views.invite, name="invite"),
    path("<slug:place>/review/", staff_views.review, name="review"),
    path("<slug:place>/logo/", logo_views.logo, name="logo"),
    path("<slug:place>/contact/", views.contact, name="contact"),
]
