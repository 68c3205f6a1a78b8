from pathlib import Path
from typing import Any

import pytest
from wagtail.blocks import StructBlockValidationError

from guidance import content, loading
from guidance.blocks import DownloadBlock


def link(address: str) -> str:
    return f'href="{address}"'


def blocks(text: str) -> list[tuple[str, Any]]:
    return [(block["type"], block["value"]) for block in content.stream(text, link)]


def test_paragraphs_keep_bold_words_and_links_and_nothing_else():
    assert blocks("Read **this** on\n[Help](/contacts/) 1 < 2.") == [
        (
            "paragraph",
            '<p>Read <b>this</b> on <a href="/contacts/">Help</a> 1 &lt; 2.</p>',
        )
    ]


def test_a_long_list_item_goes_on_in_the_next_line():
    (kind, value), *_ = blocks("1. One\n2. Two\n   more")
    assert kind == "list"
    assert value == {"ordered": True, "items": ["<p>One</p>", "<p>Two more</p>"]}


def test_a_sentence_that_binds_becomes_a_duty():
    assert blocks("Your agency **must** tell us.") == [
        ("duty", {"who": "Your agency", "force": "must", "what": "<p>tell us.</p>"})
    ]


def test_a_table_has_a_caption_and_two_columns():
    text = "Table: Endings\n| If | Then |\n| --- | --- |\n| Danger | **999** |"
    assert blocks(text) == [
        (
            "table",
            {
                "caption": "Endings",
                "left": "If",
                "right": "Then",
                "rows": [{"left": "<p>Danger</p>", "right": "<p><b>999</b></p>"}],
            },
        )
    ]


def test_a_number_may_still_be_missing():
    assert blocks("Ring: The team | | By day") == [
        ("number", {"name": "The team", "phone": "", "note": "By day"})
    ]


def test_a_heading_may_carry_a_code():
    assert blocks("## Talk it through {NCS-3}") == [
        ("heading", {"words": "Talk it through", "code": "NCS-3"})
    ]


def test_steps_have_a_short_title_each():
    text = "Steps:\n1. **Stop.** Think\n   again.\n2. **Ask** your lead."
    assert blocks(text) == [
        (
            "steps",
            [
                {"title": "Stop", "text": "<p>Think again.</p>"},
                {"title": "Ask", "text": "<p>your lead.</p>"},
            ],
        )
    ]


def test_questions_in_a_row_are_one_block():
    (kind, value), last = blocks("Q: Why?\nA: Because\nwe ask.\n\nQ: When?\nA: Now.\n\nEnd")
    assert kind == "questions"
    assert value == {
        "entries": [
            {"question": "Why?", "answer": "<p>Because we ask.</p>"},
            {"question": "When?", "answer": "<p>Now.</p>"},
        ]
    }
    assert last == ("paragraph", "<p>End</p>")


def test_a_term_leads_to_its_entry_in_the_glossary():
    (_kind, value), *_ = blocks("The [[panel|Channel panel]] and the [[DSL]]")
    assert '<a href="/guidance/glossary/#term-channel-panel">panel</a>' in value
    assert '<a href="/guidance/glossary/#term-dsl">DSL</a>' in value


def test_what_holds_for_some_workplaces_is_a_group():
    text = "::: for schools, colleges\nAsk the DSL.\n\n- One\n:::\nFor all."
    (kind, value), last = blocks(text)
    assert kind == "sector"
    assert value["sectors"] == ["schools", "colleges"]
    assert [block["type"] for block in value["body"]] == ["paragraph", "list"]
    assert last == ("paragraph", "<p>For all.</p>")


def test_contacts_downloads_and_what_is_wanted():
    text = (
        "Contacts: worried_child\n\nTo be supplied: the number\n\n"
        'Download: A form | https://example.org/form | PDF, 20 KB\n\nDownload: B | /contacts/ | ""'
    )
    assert blocks(text) == [
        ("contacts", {"purpose": "worried_child"}),
        ("wanted", "the number"),
        (
            "download",
            {"title": "A form", "address": "https://example.org/form", "kind": "PDF, 20 KB"},
        ),
        ("download", {"title": "B", "address": "/contacts/", "kind": ""}),
    ]


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [
        ("https://example.org/form", True),
        ("/contacts/", True),
        ("http://example.org/form", False),
        ("javascript:alert(1)", False),
        ("//example.org/form", False),
        ("/\\example.org/form", False),
    ],
)
def test_a_download_leads_where_nothing_runs_or_is_read_on_the_way(address, is_safe):
    block = DownloadBlock()
    value = block.to_python({"title": "A form", "address": address, "kind": "PDF"})
    if is_safe:
        assert block.clean(value)["address"] == address
    else:
        with pytest.raises(StructBlockValidationError):
            block.clean(value)


FRONT = """---
type: guidance
title: T
kept_by: Editor
last_checked: 2026-11-22
review_by: 2027-05-22
sources:
  - title: A law
---
"""  # nine lines
HOME = FRONT.replace("guidance", "home")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("Fine.\n\n### Deep", 12, "no other levels"),
        ("## A {X-1}", 10, "clause code"),
        ("## A\n\n## A", 12, "heads another part"),
        ("## A {NCS-1}\n\n## B {NCS-1}", 12, "NCS-1 is the code of"),
        ("Some <b>bold</b>", 10, "no HTML"),
        ("Some **bold", 10, "not closed"),
        ("One\ntwo [x](/nowhere/)", 11, "/nowhere/ leads nowhere"),
        ("[x](/page/#part-b)", 10, "no part"),
        ("[x](javascript:alert)", 10, "neither a path"),
        ("The [[unknown thing]]", 10, "unknown-thing"),
        ("::: for schools\n\nWords", 10, "not closed"),
        ("::: for schools\n:::", 11, "empty"),
        ("::: for moon\nx\n:::", 10, "not a sector"),
        ("::: for schools\n\n## H\n\nx\n:::", 12, "outside of a sector group"),
        ("Words\n\n:::", 12, "never opened"),
        ("Q: Why?", 10, "without its answer"),
        ("A: So.", 10, "without its question"),
        ("Steps:\n\nWords", 12, "list begins"),
        ("Table: C\n| a | b |\n| --- | --- |\n| 1 | 2 | 3 |", 10, "two columns"),
        ("| a | b |", 10, "Table: caption"),
        ("Ring: someone", 10, "Ring: who"),
        ("Contacts: friends", 10, "not a purpose"),
        ("Download: A form", 10, "Download: title"),
        ("It is UNCONFIRMED.", 10, "not published"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_line(tmp_path: Path, text, line, what):
    (tmp_path / "index.md").write_text(HOME)
    (tmp_path / "page.md").write_text(FRONT + text + "\n")
    (problem,) = content.problems(tmp_path, is_address=lambda path: False)
    assert what in problem
    assert problem.startswith(f"page.md:{line}: "), problem


@pytest.mark.parametrize(
    ("change", "line", "what"),
    [
        (("type: guidance", "type: poem"), 2, "poem"),
        (("title: T", "title: T\nowner: E"), 4, "owner"),
        (("review_by: 2027-05-22\n", ""), 5, "needs review_by"),
        (("2027-05-22", "2026-05-22"), 6, "after last_checked"),
        (("2027-05-22", "soon"), 6, "not a date"),
        (("sources:\n  - title: A law\n", ""), 1, "needs sources"),
        (("sources:", "audience: [cats]\nsources:"), 7, "audience"),
        (("type: guidance", "type: leaflet"), 1, "format"),
        (("type: guidance", "type: training"), 2, "provider"),
    ],
)
def test_what_is_wrong_in_front_matter_is_named_with_its_line(tmp_path: Path, change, line, what):
    (tmp_path / "index.md").write_text(HOME)
    (tmp_path / "page.md").write_text(FRONT.replace(*change) + "Words.\n")
    (problem,) = content.problems(tmp_path, is_address=lambda path: False)
    assert problem.startswith(f"page.md:{line}: "), problem
    assert what in problem


def test_a_page_stands_below_another(tmp_path: Path):
    (tmp_path / "index.md").write_text(HOME)
    (tmp_path / "lost").mkdir()
    (tmp_path / "lost" / "page.md").write_text(FRONT)
    (problem,) = content.problems(tmp_path, is_address=lambda path: False)
    assert problem == "lost/page.md:1: the page above it, /lost/, has no file"


@pytest.mark.parametrize(
    "entries", ["- term: A", "- term: A\n  meaning: B\n- term: a\n  meaning: C", "- just words"]
)
def test_the_glossary_says_which_entry_is_wrong(tmp_path: Path, entries):
    (tmp_path / "glossary.yaml").write_text(entries)
    with pytest.raises(content.ContentError, match=r"glossary\.yaml: entry \d"):
        content.terms(tmp_path)


def test_a_file_tells_its_address(tmp_path: Path):
    front = "---\ntype: guidance\ntitle: T\nkept_by: Editor\nlast_checked: 2026-11-22\n---\n"
    (tmp_path / "guidance").mkdir()
    for name in ("index.md", "privacy.md", "guidance/index.md", "guidance/reindex.md"):
        (tmp_path / name).write_text(front)
    assert [source.path for source in content.sources(tmp_path)] == [
        "/",
        "/guidance/",
        "/privacy/",
        "/guidance/reindex/",
    ]


@pytest.mark.parametrize("text", ["No front matter", "---\ntitle: T\n---\nNo owner"])
def test_a_file_without_its_fields_is_named(tmp_path: Path, text: str):
    (tmp_path / "page.md").write_text(text)
    with pytest.raises(content.ContentError, match=r"page\.md"):
        content.sources(tmp_path)


def test_the_files_of_the_portal_have_nothing_to_put_right():
    """Every link lands, every code is one, every fact has a source, nothing is UNCONFIRMED."""
    assert loading.check() == []
