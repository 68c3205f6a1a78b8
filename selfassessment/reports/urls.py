from django.urls import path

from selfassessment.reports import views

urlpatterns = [
    path("blank/", views.blanks, name="blanks"),
    path("blank/<slug:kind>.pdf", views.blank, name="blank"),
    path("blank/<slug:kind>/short.pdf", views.blank, {"short": "short"}, name="blank_short"),
    path("board/reports/", views.board_reports, name="board_reports"),
    path("board/reports/ask/", views.ask_for_board_report, name="board_ask"),
    path("board/reports/<int:pk>.pdf", views.board_report, name="board_report"),
    path("<form_key:key>/report.pdf", views.report, name="report"),
    path("<form_key:key>/actions.pdf", views.plan, name="actions_pdf"),
    path("<form_key:key>/certificate.pdf", views.certificate, name="certificate"),
    path("<form_key:key>/letter.pdf", views.letter, name="letter"),
]
