from django.urls import path

from referrals import gate
from referrals.acts import ACTS
from referrals.views import (
    attachments,
    case,
    check,
    disposal,
    hard,
    home,
    report,
    search,
    status,
    wizard,
)

app_name = "referrals"
urlpatterns = [
    path("", home.home, name="home"),
    path("queue/", home.queue_page, name="queue"),
    path("all/", home.listed, name="list"),
    path("search/", search.search, name="search"),
    path("start/", gate.gate, name="start"),
    path("start/stop/", gate.stop, name="stop"),
    path("new/", wizard.new, name="new"),
    path("hard-questions/", hard.page, name="hard"),
    path("disposal/", disposal.page, name="disposal"),
    path("disposal/propose/", disposal.propose, name="disposal_propose"),
    path("disposal/sign/", disposal.sign, name="disposal_sign"),
    path("disposal/<int:pk>/stop/", disposal.stop, name="disposal_stop"),
    path("disposal/hold/", disposal.hold, name="disposal_hold"),
    path("disposal/hold/<uuid:pk>/lift/", disposal.lift, name="disposal_lift"),
    path("blank-form/", wizard.blank, name="blank"),
    path("<slug:key>/tasks/", wizard.tasks, name="tasks"),
    path("<slug:key>/answers/", wizard.answers, name="answers"),
    path("<slug:key>/closeness/", wizard.closeness, name="closeness"),
    path("<slug:key>/stop/", wizard.danger_stop, name="danger_stop"),
    path("<slug:key>/sent/", wizard.sent, name="sent"),
    path("<slug:key>/delete-draft/", wizard.delete_draft, name="delete_draft"),
    path("<slug:key>/files/", attachments.files, name="files"),
    path("<slug:key>/files/<uuid:file>/", attachments.file, name="file"),
    path("<slug:key>/files/<uuid:file>/remove/", attachments.remove, name="remove_file"),
    path("<slug:key>/report.pdf", report.pdf, name="report"),
    path("<slug:key>/sheet/", report.sheet, name="sheet"),
    path("<slug:key>/sheet.pdf", report.sheet_pdf, name="sheet_pdf"),
    path("<slug:key>/check/", check.check, name="check"),
    path("<slug:key>/check/autosave/", check.autosave, name="check_autosave"),
    path("<slug:key>/other-route/", check.other_route, name="other_route"),
    path("<slug:key>/status/", status.status, name="status"),
    path("<slug:key>/despite/", status.despite, name="despite"),
    path("<slug:key>/begin-despite/", status.begin_despite, name="begin_despite"),
    path("<slug:key>/ask-for-news/", status.ask_for_news, name="ask_for_news"),
    *(
        path(f"<slug:key>/{verb}/", status.act, {"verb": verb}, name=verb.replace("-", "_"))
        for verb in status.ACTS
    ),
    path("<slug:key>/part/", case.part, name="part"),
    path("<slug:key>/confirm-receipt/", case.confirm_receipt, name="confirm_receipt"),
    path("<slug:key>/opened/", case.opened, name="opened"),
    *(
        path(f"<slug:key>/{verb}/", case.act, {"verb": verb}, name=act.name)
        for verb, act in ACTS.items()
    ),
    path("<slug:key>/", case.case, name="case"),
    # Last, as a page of questions may have any name.
    path("<slug:key>/<slug:step>/autosave/", wizard.autosave, name="autosave"),
    path("<slug:key>/<slug:step>/", wizard.step, name="step"),
]
