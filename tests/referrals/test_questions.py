"""What is said about an answer: for each question, a sentence that says what to do."""

import re

import pytest
from django.core.exceptions import ValidationError

from referrals import workflow
from referrals.answers import Answers
from referrals.forms import field_for
from referrals.questions import BY_NAME, QUESTIONS, Kind, Need

BEGINS = ("Select", "Enter", "Write", "Say", "Confirm")
NEVER = re.compile(r"\b(invalid|required|failed|error|please|sorry|field)\b", re.IGNORECASE)
ASKED_FOR = [one for one in QUESTIONS if one.need is Need.REQUIRED or one.required_if is not None]
LONG = [one for one in QUESTIONS if one.kind is Kind.LONG]


@pytest.mark.parametrize("question", ASKED_FOR, ids=lambda one: one.name)
def test_each_question_that_wants_an_answer_says_what_to_do(question):
    said = str(question.missing)
    assert said.startswith(BEGINS)
    assert not NEVER.search(said)
    assert not said.startswith("Write about")
    assert not said.endswith((".", "these", "this"))


def test_no_two_questions_of_check_say_the_same():
    said = [str(one.missing) for one in QUESTIONS if one.record == "check_record" and one.missing]
    assert len(said) == len(set(said))


def test_too_much_and_too_little_are_said_with_what_it_is_about(cast):
    answers = Answers(workflow.start(cast.lead))
    for question in LONG:
        typed = {"word " * 4000: f"Write a little less about {question.about}, at most "}
        if question.minimum:
            typed |= {"": f"{question.missing}, at least 40", "x": "Write a little more about "}
        assert str(question.about), question.name
        for words, begins in typed.items():
            with pytest.raises(ValidationError) as refused:
                field_for(question, answers).clean(words)
            assert refused.value.messages[0].startswith(begins), question.name


@pytest.mark.parametrize("name", ["needs", "health_known", "strengths", "other_concerns"])
def test_every_list_about_needs_and_strengths_offers_not_known(name):
    """Section 2 of the record: every choice list has it; it stands by itself."""
    question = BY_NAME[name]
    assert question.choices is not None
    assert "not_known" in question.choices.values
    assert question.kind is not Kind.MULTI or "not_known" in question.exclusive
