"""Addresses of moderation, under those of the self-assessment."""

from django.urls import path

from selfassessment.moderation.views import agency, board, interests, judging, managing

app_name = "moderation"
FORM = "<form_key:key>/moderation/"
urlpatterns = [
    path("moderation/", managing.listed, name="list"),
    path("moderation/mine/", judging.mine, name="mine"),
    path("moderation/interests/", interests.interests, name="interests"),
    path("moderation/chairs/", managing.chairs, name="chairs"),
    path("moderation/measures/", managing.measured, name="measures"),
    path("moderation/appeals/", board.appeals, name="appeals"),
    path("moderation/gaps/", board.gaps, name="gaps"),
    path("moderation/practice/", board.shared, name="shared"),
    path(FORM, judging.review, name="review"),
    path(FORM + "give/", managing.give, name="give"),
    path(FORM + "stand-down/<int:pk>/", managing.stand_down, name="stand_down"),
    path(FORM + "incident/", managing.incident, name="incident"),
    path(FORM + "sample/", judging.drawn, name="drawn"),
    path(FORM + "standard/<code:code>/", judging.standard, name="standard"),
    path(FORM + "standard/<code:code>/settle/", managing.settle, name="settle"),
    path(FORM + "standard/<code:code>/require/", judging.require, name="require"),
    path(FORM + "required/<int:pk>/drop/", judging.drop, name="drop"),
    path(FORM + "finish/", judging.finish, name="finish"),
    path(FORM + "questions/<int:pk>/", agency.question, name="question"),
    path(FORM + "comment/", agency.comment, name="comment"),
    path(FORM + "appeal/", agency.appeal, name="appeal"),
    path(FORM + "decide/", board.decide, name="decide"),
    path(FORM + "practice/", agency.practice, name="practice"),
    path(FORM + "letter/", managing.letter, name="letter"),
    path(FORM + "publish/", managing.publish, name="publish"),
    path(FORM + "talk/", managing.talk, name="talk"),
]
