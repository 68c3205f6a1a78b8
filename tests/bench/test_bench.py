"""What ``make bench`` reads from pages, and how it tells what it found."""

from bench import __main__ as bench
from bench.client import Form, Page, assets_of, fields_to_send, fonts_of

PAGE = """
<link rel="stylesheet" href="/static/ui/portal.css"><script src="/static/ui/portal.js"
 data-govuk="/static/govuk.js"></script>
<form method="get"><input name="ref" value="not this one"></form>
<form method="post" data-autosave="/case/observed/autosave/">
<input type="hidden" name="csrfmiddlewaretoken" value="token">
<input type="radio" name="repeated" value="yes" checked><input type="radio" name="repeated"
 value="no"><textarea name="observed">
What I &amp; others saw</textarea><button name="later" value="1">Later</button></form>
<form method="post"><textarea name="comment">Another form of the page</textarea></form>
"""


def test_a_form_is_sent_as_a_browser_would_send_it() -> None:
    form = Form(PAGE)
    assert form.fields == [
        ("csrfmiddlewaretoken", "token"),
        ("repeated", "yes"),
        ("observed", "What I & others saw"),
    ]
    assert form.autosave == "/case/observed/autosave/"
    page, words = Page("", "", "/", "form"), {"add": " more"}
    sent = fields_to_send(page, PAGE, words)
    assert sent[-1] == ("observed", "What I & others saw more")
    again = fields_to_send(page, PAGE.replace("others saw", "others saw more"), words)
    assert again[-1] == ("observed", "What I & others saw")


def test_what_a_page_fetches_is_counted_once_and_fonts_only_for_plain_text() -> None:
    assert assets_of(PAGE + PAGE) == [
        "/static/ui/portal.css",
        "/static/ui/portal.js",
        "/static/govuk.js",
    ]
    css = "@font-face {src: url(a.woff2)} @font-face {src: url(b.woff2); unicode-range: U+100}"
    assert fonts_of(css) == ["a.woff2"]


def test_the_ratio_is_that_of_neighbours_so_a_slow_minute_falls_on_both() -> None:
    one = bench.Measured(Page("Queue", "lead", "/", queries=16), 10_000)
    one.floor, one.took = [0.001, 0.010, 0.001], [0.003, 0.030, 0.003]
    assert round(one.ratio, 6) == 3
    assert one.missed == ["queries"]
    told = bench.table(bench.lines_of([one]))
    assert "| Queue |" in told
    assert "over: queries" in told


def test_a_database_is_named_in_the_servers_own_address() -> None:
    assert bench.database("postgres://o@%2Frun%2Fx/portal", "bench_10000") == (
        "postgres://o@%2Frun%2Fx/bench_10000"
    )
