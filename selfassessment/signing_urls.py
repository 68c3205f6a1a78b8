"""Addresses of cycles, checks and sign-off."""

from django.urls import path

from selfassessment.views import checking, cycles, managing, signing

urlpatterns = [
    path("cycles/", cycles.years, name="cycles"),
    path("cycles/new/", cycles.plan, name="cycle_plan"),
    path("cycles/<int:year>/", cycles.cycle, name="cycle"),
    path("cycles/<int:year>/days/", cycles.days, name="cycle_days"),
    path("cycles/<int:year>/open/", cycles.open_it, name="cycle_open"),
    path("cycles/<int:year>/add/", cycles.add, name="cycle_add"),
    path("cycles/<int:year>/chase/", cycles.chase, name="cycle_chase"),
    path("cycles/<int:year>/forms/", cycles.forms, name="cycle_forms"),
    path("profiles/", cycles.profile_list, name="profiles"),
    path("profiles/<int:pk>/", cycles.profile, name="profile"),
    path("<form_key:key>/check/", checking.check, name="check"),
    path("<form_key:key>/ready/", checking.ready, name="ready"),
    path("<form_key:key>/questions/", checking.questions, name="questions"),
    path("<form_key:key>/let-off/<slug:rule>/", checking.waive, name="waive"),
    path("<form_key:key>/let-off/<slug:rule>/<code:code>/", checking.waive, name="waive"),
    path("<form_key:key>/sign/", signing.sign, name="sign"),
    path("<form_key:key>/back/", signing.send_back, name="send_back"),
    path("<form_key:key>/signed/", signing.signed, name="signed"),
    path("<form_key:key>/signed/<int:number>/", signing.signed_copy, name="signed_copy"),
    path("<form_key:key>/manage/", managing.manage, name="manage"),
    path("<form_key:key>/manage/waiver/<int:pk>/", managing.decide_waiver, name="decide_waiver"),
    path("<form_key:key>/manage/<slug:act>/", managing.manage_act, name="manage_act"),
]
