from pathlib import Path

import pytest

from guidance import content


def link(address: str) -> str:
    return f'href="{address}"'


def blocks(text: str) -> list[tuple[str, object]]:
    return [(block["type"], block["value"]) for block in content.stream(text, link)]


def test_paragraphs_keep_bold_words_and_links_and_nothing_else():
    assert blocks("Read **this** on\n[Help](/contacts/) <b>now</b>.") == [
        (
            "paragraph",
            '<p>Read <b>this</b> on <a href="/contacts/">Help</a> &lt;b&gt;now&lt;/b&gt;.</p>',
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


def test_every_page_of_ours_has_an_owner_and_a_review_date():
    for source in content.sources():
        assert source.fields["kept_by"], source.name
        if not source.name.startswith("news/"):
            assert source.fields["review_by"] > source.fields["last_checked"], source.name
