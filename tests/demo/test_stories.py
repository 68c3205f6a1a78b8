"""The files of the demonstration hold together with the questions and are plainly invented."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agencies.models import Locality
from demo import cast, loading, stories, synthetic
from demo.stories import HERE, Story, Teller
from demo.times import Calendar
from referrals import steps
from referrals.answers import Answers
from referrals.models import Referral
from referrals.questions import BY_NAME, Kind, of_record
from referrals.terms import Section, Status

# Without it a run of this file alone is given no test database: only marked tests ask for one.
pytestmark = pytest.mark.django_db

FILES = sorted(HERE.rglob("*.yaml"))
TALES = loading.stories()
CHECKED = {"send", "close", "reroute"}
PREFILLED = {"sector", "legal_basis", "prevent_contact", "referrer", "signed", "declared"}
SCENARIOS = {
    "S01": Status.GATEWAY,
    "S02": Status.INVESTIGATION_HOLD,
    "S03": Status.GATEWAY,
    "S04": Status.AGENCY_CLOSED,
    "S05": Status.AGENCY_CLOSED,
    "S06": Status.OTHER_ROUTE,
    "S07": Status.POLICE_LED,
    "S08": Status.GATEWAY,
    "S09": Status.GATEWAY,
    "S10": Status.AGENCY_CLOSED,
    "S11": Status.GATEWAY,
    "S12": Status.GATEWAY,
}


@pytest.fixture(scope="module")
def teller(company: cast.Company) -> Teller:
    calendar = Calendar(timezone.now(), Locality.objects.default())
    return Teller(calendar, company.people, company.agencies)


def answered(story: Story, teller: Teller) -> Answers:
    """What the story answers, as the portal would read it before it is sent."""
    agency, author = teller.agencies[story.agency], teller.people[story.author]
    one_walk = "lead" in {role for role, _place in cast.told().people[story.author].held}
    referral = Referral(
        agency=agency,
        created_by=author,
        one_walk=one_walk,
        lead=teller.people[story.lead] if story.lead else None,
    )
    values: dict[str, Any] = {"sector": "other", "legal_basis": "other", "signed": "yes"}
    values |= {"declared": "yes", "prevent_contact": {"name": "x"}, "referrer": {"name": "x"}}
    return Answers(referral).with_changes(values | teller.values(story.answers))


def ids(story: Story) -> str:
    return story.code


@pytest.mark.parametrize("story", TALES, ids=ids)
def test_every_required_question_that_applies_is_answered(story: Story, teller: Teller) -> None:
    if story.ends == Status.DRAFT:
        return
    answers = answered(story, teller)
    records = ["gate", "concern", "person", "context"]
    done = {act.do for act in story.walk}
    if done & CHECKED:
        records.append("check_record")
    if "reroute" in done:
        records.append("route_record")
    if "send" in done:
        records.append("share")
    missing = [question.name for question in answers.missing(of_record(*records))]
    if not done & CHECKED:
        missing = [name for name in missing if name != "spoken_at"]
    assert missing == []


@pytest.mark.parametrize("story", TALES, ids=ids)
def test_no_story_answers_what_it_would_not_be_asked(story: Story, teller: Teller) -> None:
    answers = answered(story, teller)
    asked = {question.name for question in BY_NAME.values() if question.is_asked(answers)}
    assert set(story.answers) - asked == set()


@pytest.mark.parametrize("story", TALES, ids=ids)
def test_answers_are_of_the_lists_and_long_enough(story: Story, teller: Teller) -> None:
    acted = {name: said for act in story.walk for name, said in act.answers.items()}
    for name, said in {**story.answers, **acted}.items():
        question = BY_NAME[name]
        value = teller.value(question, said)
        if question.choices is not None:
            given = list(value) if isinstance(value, list | dict) else [value]
            assert set(given) <= set(question.choices.values), name
            assert question.exclusive not in given or len(given) == 1, name
        if question.kind is Kind.LONG:
            assert question.minimum <= len(value) <= question.maximum, name
        if question.kind is Kind.TEXT:
            assert len(value) <= 200, name
        if question.kind is Kind.ROWS:
            columns = {column for column, _label in question.columns}
            assert all(set(row) == columns for row in value), name


def test_the_twelve_scenarios_are_there_and_end_where_they_should() -> None:
    told = {story.code: story.ends for story in stories.load(stories.SCENARIOS)}
    assert told == {code: status.value for code, status in SCENARIOS.items()}


def test_the_child_of_s11_has_no_record() -> None:
    about = [
        story for story in TALES if "4" in (story.answers.get("age"), story.answers.get("born", {}))
    ]
    assert about == []


def test_sixty_synthetic_cases_are_open_and_the_same_each_time() -> None:
    made = synthetic.stories()
    assert 58 <= len([story for story in made if story.ends != Status.CLOSED]) <= 64
    assert made == synthetic.stories()
    assert {story.answers["place"] for story in made} == {"NY", "YK"}


def test_every_question_of_notice_is_used_somewhere() -> None:
    used = {name for story in TALES for name in story.names_given}
    notice = {q.name for q in steps.questions_of(Section.CHECK)} - PREFILLED
    rare = {"advice_line", "advice_line_detail", "override_by", "override_reason"}
    assert notice - used <= rare | {"own_tested", "own_reasons"}


# --- Plainly invented ---------------------------------------------------------------------------
TELEPHONE = re.compile(r"\b0[\d ]{8,}\d\b|\+44[\d ]+")
# A year of ratings, a digit each: "12223 3313 -12- 0222".
RATINGS = re.compile(r'^ +\d{4}: "[-0-3 ]+"$', re.MULTILINE)
RESERVED = re.compile(r"01632 960\d{3}|07700 900\d{3}")
SITE = re.compile(r"https?://([^/\s)]*)")
ADDRESS = re.compile(r"[\w.+-]+@([\w.-]+)")
FORBIDDEN = re.compile(
    r"\b(vulnerable|suspect|offender|case subject|DSL|invalid|ISIS|ISIL|Daesh|Al.Qaeda|Hamas|"
    r"Hezbollah|National Action|Combat 18|Atomwaffen|Sonnenkrieg|jihadi?|Breivik|Tarrant|Rodger|"
    r"Columbine|O9A|764|Telegram|Discord)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_numbers_addresses_and_words_are_reserved_or_plain(path: Path) -> None:
    text = path.read_text("utf-8")
    text = RATINGS.sub("", text)
    assert [n for n in TELEPHONE.findall(text) if not RESERVED.fullmatch(n)] == []
    assert [d for d in ADDRESS.findall(text) if not d.endswith(".example.org")] == []
    assert FORBIDDEN.findall(text) == []
    assert [d for d in SITE.findall(text) if not d.endswith(".example.org")] == []


def test_every_word_that_is_shown_is_free_of_marks_left_over(teller: Teller) -> None:
    for story in TALES:
        for act in story.walk:
            assert not re.search(r"[\[\]<>{}]", teller.calendar.words(act.say)), story.code
        for name, value in teller.values(story.answers).items():
            assert not re.search(r"[\[<>]\w", str(value).replace("['", "").replace("[{", "")), name


# --- Time ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 22, 13, 0, tzinfo=timezone.get_default_timezone()),  # a Sunday
        datetime(2026, 11, 23, 0, 5, tzinfo=timezone.get_default_timezone()),
        datetime(2026, 12, 28, 10, 0, tzinfo=timezone.get_default_timezone()),  # a bank holiday
        datetime(2027, 1, 4, 9, 30, tzinfo=timezone.get_default_timezone()),
        datetime(2027, 3, 28, 1, 30, tzinfo=timezone.get_default_timezone()),  # the clock goes on
    ],
    ids=str,
)
def test_acts_come_one_after_the_other_and_never_ahead(
    now: datetime, company: cast.Company
) -> None:
    calendar = Calendar(now, company.localities["NY"])
    for story in TALES:
        moments = calendar.in_order([act.at for act in story.walk])
        assert moments == sorted(set(moments)), story.code
        assert moments[-1] < now, story.code


def test_days_are_said_in_words(company: cast.Company) -> None:
    monday = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.get_default_timezone())
    calendar = Calendar(monday, company.localities["NY"])
    assert calendar.words("on [-1wd], a [weekday -2d], in [month -42d]") == (
        "on Friday 20 November, a Saturday, in October"
    )
    assert calendar.approx({"age": "15", "day": "9", "month": "1"}) == {
        "day": 9,
        "month": 1,
        "year": 2011,
    }
    with pytest.raises(ValueError, match="not a day"):
        calendar.day("tomorrow")
