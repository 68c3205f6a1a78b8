"""Some sixty open cases beside the scenarios, so that queues look lived in.

Made from the short lists in ``synthetic.yaml`` with a seed: the same cases on every first run.
Each is one of a few plain concerns, with a person, an agency and a place in time.
"""

import random
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from demo import cast
from demo.stories import HERE, Act, Story, read
from referrals import terms
from referrals.questions import ADULT_FROM, SECOND_OPINION_UP_TO

SEED = 20_260
PRONOUN = re.compile(r"<(they|them|their|They|Their)>")


@dataclass(frozen=True)
class Course:
    """Where a case stands, and how it came there.

    ``times`` are those of its acts; in an emergency ``rung`` is when 999 was called.
    """

    name: str
    how_many: dict[str, int]
    times: tuple[str, ...]
    rung: str = ""


# Three acts for every case: recorded, handed over, sent; then what the course's name says.
COURSES = (
    Course("submitted", {"NY": 2, "YK": 1}, ("-2wd 15:30", "-2wd 16:05", "-1wd 10:{m}")),
    Course("submitted", {"NY": 2, "YK": 1}, ("-1wd 14:10", "-1wd 14:40", "-1wd 17:{m}")),
    Course("submitted", {"NY": 1}, ("-150min", "-125min", "-95min"), rung="-170min"),
    Course(
        "triage",
        {"NY": 1, "YK": 1},
        ("-1wd 13:20", "-1wd 13:40", "-1wd 14:{m}", "-1wd 14:58"),
        rung="-1wd 13:05",
    ),
    Course("triage", {"NY": 1}, ("-4wd 10:00", "-4wd 11:10", "-3wd 15:{m}", "-2wd 16:20")),
    Course("triage", {"NY": 4, "YK": 1}, ("-3wd 11:00", "-3wd 11:40", "-2wd 14:{m}", "-1wd 11:05")),
    Course("triage", {"NY": 3, "YK": 1}, ("-2wd 12:00", "-2wd 12:40", "-1wd 15:{m}", "-1wd 17:20")),
    Course(
        "query",
        {"NY": 5, "YK": 2},
        ("-4wd 09:40", "-4wd 10:20", "-3wd 11:{m}", "-2wd 09:35", "-1wd 10:10"),
    ),
    Course(
        "query",
        {"NY": 1},
        ("-6wd 09:40", "-6wd 10:20", "-5wd 11:{m}", "-5wd 14:35", "-4wd 10:10"),
    ),
    Course(
        "gateway",
        {"NY": 3, "YK": 1},
        ("-3wd 09:10", "-3wd 09:45", "-2wd 10:{m}", "-2wd 14:00", "-1wd 13:30", "-1wd 15:10"),
    ),
    Course(
        "gateway",
        {"NY": 5, "YK": 2},
        ("-4wd 09:10", "-4wd 09:45", "-3wd 10:{m}", "-3wd 14:00", "-2wd 13:30", "-1wd 09:10"),
    ),
    Course(
        "gateway",
        {"NY": 6, "YK": 4},
        ("-5wd 09:10", "-5wd 09:45", "-4wd 10:{m}", "-4wd 14:00", "-3wd 13:30", "-2wd 09:10"),
    ),
    Course(
        "gateway",
        {"NY": 4, "YK": 2},
        ("-6wd 09:10", "-6wd 09:45", "-5wd 10:{m}", "-5wd 14:00", "-4wd 13:30", "-3wd 09:10"),
    ),
    Course(
        "gateway",
        {"NY": 2, "YK": 1},
        ("-7wd 09:10", "-7wd 09:45", "-6wd 10:{m}", "-6wd 14:00", "-5wd 13:30", "-4wd 09:10"),
    ),
    Course(
        "gateway",
        {"YK": 1},
        ("-9wd 09:10", "-9wd 09:45", "-8wd 10:{m}", "-8wd 14:00", "-7wd 13:30", "-6wd 09:10"),
    ),
    Course(
        "transferred",
        {"NY": 1},
        ("-3wd 13:10", "-3wd 13:45", "-2wd 12:{m}", "-1wd 09:20", "-1wd 15:00"),
    ),
    Course(
        "police_led",
        {"NY": 1},
        (
            "-5wd 13:10",
            "-5wd 13:45",
            "-4wd 12:{m}",
            "-4wd 15:20",
            "-3wd 10:00",
            "-3wd 11:00",
            "-2wd 12:00",
        ),
    ),
    # Decided, and the referrer has still to be told.
    Course(
        "closed",
        {"NY": 2, "YK": 1},
        (
            "-14wd 09:10",
            "-14wd 09:45",
            "-13wd 10:{m}",
            "-13wd 14:00",
            "-12wd 13:30",
            "-11wd 09:10",
            "-5wd 11:{m}",
        ),
    ),
)
ACTS = {
    "submitted": (),
    "triage": ("acknowledge",),
    "query": ("acknowledge", "query"),
    "gateway": ("acknowledge", "pass", "take_case"),
    "transferred": ("acknowledge", "transfer"),
    "police_led": ("acknowledge", "pass", "take_case", "police_led"),
    "closed": ("acknowledge", "pass", "take_case", "close_at_gateway"),
}
PREVENT = {"NY": ("joanna", "joanna", "joanna", "imran"), "YK": ("tom", "tom", "wendy")}
OFFICER = "alice"
OTHER_PLACE = {"NY": "YK", "YK": "NY"}
MOTHERS = ("Karen", "Dawn", "Aisha", "Tracy", "Nadia")


@cache
def short_lists() -> dict[str, Any]:
    made: dict[str, Any] = read((HERE / "synthetic.yaml").read_text("utf-8"))
    return made


def stories(seed: int = SEED) -> list[Story]:
    """The cases, the oldest courses last; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret: the same cases every time
    wanted = [
        (course, place)
        for course in COURSES
        for place, how_many in course.how_many.items()
        for _each in range(how_many)
    ]
    return [_story(chance, course, place, number) for number, (course, place) in enumerate(wanted)]


def _story(chance: random.Random, course: Course, place: str, number: int) -> Story:
    lists = short_lists()
    settings = [key for key, told in lists["settings"].items() if told["place"] == place]
    setting = lists["settings"][settings[number % len(settings)]]
    fitting = [
        concern
        for concern in lists["concerns"]
        if setting["with"] in concern["with"] and ("urgent" in concern) == bool(course.rung)
    ]
    concern = chance.choice(fitting)
    youngest, oldest = (int(age) for age in setting["ages"].split("-"))
    age = chance.randint(youngest, oldest)
    male = chance.random() < share_of(concern)
    person = {
        "age": age,
        "male": male,
        "forenames": chance.choice(lists["boys" if male else "girls"]),
        "surname": f"{chance.choice('ABCDEFGHJKLMNPRSTVW')}.",
    }
    holder = chance.choice(PREVENT[place])
    author = chance.choice(setting["authors"])
    phone = cast.told().people[setting["lead"]].phone
    answers = answers_of(chance, setting, concern, person, course, place, author, phone)
    minute = f"{chance.randint(2, 55):02}"
    return Story(
        code=f"X{number + 1:02}",
        agency=setting["agency"],
        author=author,
        lead=setting["lead"],
        ends=course.name,
        answers=answers,
        walk=_walk(
            course, setting, spoken_of(concern["query"], male=male), author, holder, minute, place
        ),
    )


def spoken_of(words: str, *, male: bool) -> str:
    """The words with "<they>" and its like turned into he or she."""
    pronouns = short_lists()["he" if male else "she"]
    return PRONOUN.sub(lambda found: str(pronouns[found[1]]), words)


def share_of(concern: dict[str, Any]) -> float:
    """How often a concern of this kind is about a boy or a man, in the demonstration."""
    return float(concern.get("male", "0.8"))


def _walk(
    course: Course,
    setting: dict[str, Any],
    question: str,
    author: str,
    holder: str,
    minute: str,
    place: str,
) -> tuple[Act, ...]:
    lists = short_lists()
    times = [at.format(m=minute) for at in course.times]
    walk = [
        Act("draft", author, times[0]),
        Act("hand_over", author, times[1]),
        Act("send", setting["lead"], times[2]),
    ]
    for do, at in zip(ACTS[course.name], times[3:], strict=True):
        if do == "query":
            walk.append(Act(do, holder, at, say=question))
        elif do == "pass":
            walk.append(Act(do, holder, at, answers=lists["triage"]))
        elif do == "transfer":
            walk.append(Act(do, holder, at, to=OTHER_PLACE[place], say=lists["moved"]))
        elif do == "close_at_gateway":
            walk.append(Act(do, OFFICER, at, answers=lists["closed"]))
        else:
            walk.append(Act(do, holder if do == "acknowledge" else OFFICER, at))
    return tuple(walk)


def answers_of(
    chance: random.Random,
    setting: dict[str, Any],
    concern: dict[str, Any],
    person: dict[str, Any],
    course: Course,
    place: str,
    author: str,
    phone: str,
) -> dict[str, Any]:
    """Everything that has to be answered, in the words of the lists."""
    lists = short_lists()
    age, male = person["age"], person["male"]
    child = age < ADULT_FROM

    def told(words: str) -> str:
        return spoken_of(words, male=male)

    answers: dict[str, Any] = {
        "harm": "no",
        "crime": "no",
        "travel": "no",
        "place": place,
        "under_18": "yes" if child else "no",
        "came_to_notice": concern["notice"],
        "noticed_when": {"on": f"-{chance.randint(25, 45)}d"},
        "observed": told(concern["observed"]),
        "features": {value: told(words) for value, words in concern["features"].items()},
        "repeated": "yes",
        "repeated_detail": told(chance.choice(lists["repeated"])),
        "raised_before": chance.choice(["no", "not_known"]),
        "forenames": person["forenames"],
        "surname": person["surname"],
        "born": {
            "age": str(age),
            "day": str(chance.randint(1, 28)),
            "month": str(chance.randint(1, 12)),
        },
        "gender": "male" if male else "female",
        "addresses": [{"address": setting["area"], "note": "Current"}],
        "language": "English",
        "interpreter": "no",
        "involved": [{"agency": "None known", "worker": "", "contact": ""}],
        "needs": concern["needs"],
        "needs_detail": told(concern["needs_detail"]),
        "health_known": "none",
        "strengths": ["family", "talks"],
        "strengths_detail": told(chance.choice(lists["strengths"])),
        "explanations": told(concern["explanations"]),
        "worry": told(concern["worry"]),
        "other_concerns": ["none"],
        "spoken_to": setting["lead"],
        "spoken_at": course.times[1],
        "advice_from": ["prevent_lead"],
        "facts_verified": told(chance.choice(lists["verified"])),
        "fair_basis": "yes",
        "explanations_tested": "yes",
        "explanations_detail": told(chance.choice(lists["tested"])),
        "told_person": "yes",
        "told_response": told(chance.choice(lists["response"])),
        "action_taken": "yes",
        "action_detail": told(chance.choice(lists["action"])),
        "consulted": "no",
        "decision": "b" if child else "a",
        "decision_reasons": told(concern["reasons"]),
        "noticed_by": author,
        "anonymous": "no",
        "ideology": concern["ideology"],
        "urgency": "standard",
        "contact_notes": f"{phone}, on working days.",
    }
    if terms.Feature.ONLINE in concern["features"]:
        answers |= {"online_how": ["person"]}
    if child:
        mother = MOTHERS[len(person["forenames"]) % len(MOTHERS)]
        answers |= {
            "household": [{"name": mother, "relationship": "Mother", "age": ""}],
            "parents": [
                {"name": mother, "relationship": "Mother", "contact": "Through the office"}
            ],
            "school": setting["where"],
            "told_parent": "yes",
            "parent_response": told(chance.choice(lists["parents"])),
        }
        if place == "NY":
            answers |= {"form_sent": "yes", "form_reference": "Sent on the same day"}
    else:
        answers |= {
            "household": [{"name": "Lives alone", "relationship": "", "age": ""}],
            "cares_for_child": "no",
            "position_of_trust": "no",
            "adult_care_needs": "yes" if chance.random() < 0.15 else "no",
        }
    if age <= SECOND_OPINION_UP_TO:
        answers |= {
            "second_opinion_by": setting.get("second", PREVENT[place][0]),
            "second_opinion": told(lists["second_opinion"]),
        }
    if "urgent" in concern:
        answers |= {
            "crime": "yes",
            "noticed_when": {"on": "-1wd" if course.rung.startswith("-1wd") else "0d"},
            "called_999": "yes",
            "called_at": course.rung,
            "incident_number": "not given",
            "told_to_do": told(concern["urgent"]),
            "urgency": "emergency",
            "told_person": "no_police",
            "not_told_reason": "Police advice.",
        }
        answers.pop("told_response")
        if child:
            answers["told_parent"] = "no_police"
            answers.pop("parent_response")
    return answers
