import uuid

import pytest
from django import forms
from django.core import serializers
from django.core.exceptions import FieldError, ValidationError
from django.db import connection, models, transaction
from django.db.models import F
from django.forms import modelform_factory
from django.test.utils import isolate_apps

from tests.vault.models import Dossier, Remark
from vault import keys
from vault.fields import SealedJSONField, SealedTextField
from vault.models import SealedModel

pytestmark = pytest.mark.django_db

OTHER_KEY = "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItMDE="
SEALED_COLUMNS = ["name", "story", "features", "extra", "scan"]


def raw(row: SealedModel, column: str) -> bytes | None:
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT "{column}" FROM {row._meta.db_table} WHERE id = %s',  # noqa: S608
            [row.pk],
        )
        value = cursor.fetchone()[0]
    return None if value is None else bytes(value)


def whole_table(model: type[models.Model]) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY id")  # noqa: S608
        return b"\n".join(
            bytes(cell) if isinstance(cell, memoryview) else str(cell).encode()
            for row in cursor.fetchall()
            for cell in row
        )


def copy_column(source: SealedModel, column: str, target: SealedModel, into: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE {target._meta.db_table} SET "{into}" = %s WHERE id = %s',  # noqa: S608
            [raw(source, column), target.pk],
        )


# --- What goes in comes out -------------------------------------------------------------------
def test_every_kind_of_value_comes_back_as_it_went_in(dossier):
    assert dossier.name == "Canary Smith"
    assert dossier.story == "canary story"
    assert dossier.features == ["canary feature"]
    assert dossier.extra == {"canary": "extra"}
    assert dossier.scan == b"\x00canary scan"


def test_the_database_holds_no_word_of_it(dossier):
    Remark.objects.create(dossier=dossier, words="canary remark")
    for model in (Dossier, Remark):
        dump = whole_table(model)
        assert len(dump) > 50
        assert b"anary" not in dump


def test_nothing_is_spelled_as_no_bytes_and_needs_no_key(sealed_tables):
    row = Dossier.objects.create()
    row = Dossier.objects.get(pk=row.pk)
    assert [raw(row, column) for column in SEALED_COLUMNS] == [b"", b"", b"", None, b""]
    assert (row.name, row.features, row.extra, row.scan) == ("", [], None, b"")


def test_the_same_words_twice_look_different(dossier):
    dossier.story = dossier.name = "the same"
    dossier.save()
    once = raw(dossier, "story")
    dossier.story = "the same"
    dossier.save()
    assert once != raw(dossier, "story") != raw(dossier, "name")


@pytest.mark.parametrize("words", ["\x00", "a\x00b", "half \ud83d emoji", "𝔷" * 2000, " \n\t "])
def test_odd_text_is_kept(dossier, words):
    dossier.story = words
    dossier.save()
    kept = Dossier.objects.get(pk=dossier.pk).story
    assert kept == words.replace("\ud83d", "?")


def test_lists_that_grow_in_place_are_saved(dossier):
    dossier.features.append("one more")
    dossier.save()
    assert Dossier.objects.get(pk=dossier.pk).features == ["canary feature", "one more"]


@pytest.mark.parametrize("value", [{}, [], None, "", 0, False, {"a": [1, "é"]}])
def test_json_values_that_look_empty_stay_apart(dossier, value):
    dossier.features = value
    dossier.save()
    kept = Dossier.objects.get(pk=dossier.pk).features
    assert kept == value
    assert type(kept) is type(value)


def test_a_wrong_type_is_refused(dossier):
    for column, value in {"name": 5, "scan": "text", "story": None}.items():
        row = Dossier.objects.get(pk=dossier.pk)
        setattr(row, column, value)
        with pytest.raises(TypeError), transaction.atomic():
            row.save()


# --- Django's ways of reading and writing -----------------------------------------------------
def test_saving_untouched_words_neither_opens_nor_rewrites_them(dossier, settings):
    before = {column: raw(dossier, column) for column in SEALED_COLUMNS}
    keys.forget()
    settings.VAULT_KEY = OTHER_KEY
    dossier.status = "draft"
    dossier.save()
    assert {column: raw(dossier, column) for column in SEALED_COLUMNS} == before
    assert Dossier.objects.values_list("status", flat=True).get() == "draft"


def test_only_the_named_column_is_written(dossier):
    before = raw(dossier, "name")
    dossier.story = "new"
    dossier.name = "not saved"
    dossier.save(update_fields=["story"])
    fresh = Dossier.objects.get(pk=dossier.pk)
    assert (fresh.story, fresh.name) == ("new", "Canary Smith")
    assert raw(dossier, "name") == before


def test_deferred_columns_come_when_they_are_read(dossier, django_assert_num_queries):
    row = Dossier.objects.defer("story").get(pk=dossier.pk)
    keys.load([dossier.pk])
    with django_assert_num_queries(1):
        assert row.story == "canary story"
    row = Dossier.objects.only("status").get(pk=dossier.pk)
    assert row.get_deferred_fields() >= set(SEALED_COLUMNS)
    row.status = "open"
    row.save()
    assert Dossier.objects.get(pk=dossier.pk).name == "Canary Smith"


def test_a_row_read_again_has_the_new_words_and_opens_nothing_meanwhile(dossier, settings):
    other = Dossier.objects.get(pk=dossier.pk)
    other.story = "changed elsewhere"
    other.save()
    key = settings.VAULT_KEY
    keys.forget()
    settings.VAULT_KEY = OTHER_KEY
    dossier.refresh_from_db()
    settings.VAULT_KEY = key
    assert dossier.story == "changed elsewhere"
    dossier.story = "thrown away"
    dossier.refresh_from_db(fields=["story"])
    assert dossier.story == "changed elsewhere"


def test_related_rows_open_too(dossier):
    Remark.objects.create(dossier=dossier, words="canary remark")
    remark = Remark.objects.select_related("dossier").get()
    assert (remark.words, remark.dossier.name) == ("canary remark", "Canary Smith")
    (whole,) = Dossier.objects.prefetch_related("remarks")
    assert [r.words for r in whole.remarks.all()] == ["canary remark"]  # type: ignore[attr-defined]


def test_bulk_create_seals(dossier):
    Remark.objects.bulk_create(
        [Remark(dossier=dossier, words=f"canary {number}") for number in range(3)]
    )
    assert {remark.words for remark in Remark.objects.all()} == {"canary 0", "canary 1", "canary 2"}
    assert b"canary" not in whole_table(Remark)


def test_a_list_opens_its_keys_in_one_query(sealed_tables, django_assert_num_queries):
    cases = [uuid.uuid4() for _ in range(20)]
    keys.new_cases(cases)
    for case in cases:
        Dossier.objects.create(id=case, name="someone")
    keys.forget()
    with django_assert_num_queries(2):
        rows = list(Dossier.objects.all())
        keys.load(row.case_id for row in rows)
        assert {row.name for row in rows} == {"someone"}


def test_a_copy_under_a_new_id_is_sealed_anew(dossier):
    remark = Remark.objects.create(dossier=dossier, words="canary remark")
    copy = Remark.objects.get(pk=remark.pk)
    copy.pk = uuid.uuid4()
    copy._state.adding = True
    copy.save()
    assert Remark.objects.get(pk=copy.pk).words == "canary remark"
    assert Remark.objects.get(pk=remark.pk).words == "canary remark"
    assert raw(copy, "words") != raw(remark, "words")


def test_update_seals_nothing_and_may_only_clear(dossier):
    for refused in ({"story": "plain"}, {"story": F("name")}, {"features": ["x"]}):
        with pytest.raises(FieldError), transaction.atomic():
            Dossier.objects.update(**refused)
    dossier.story = "plain"
    with pytest.raises(FieldError), transaction.atomic():
        Dossier.objects.bulk_update([dossier], ["story"])
    assert Dossier.objects.get(pk=dossier.pk).story == "canary story"
    Dossier.objects.update(story="", scan=b"", features=[], extra=None)
    row = Dossier.objects.get(pk=dossier.pk)
    assert (row.story, row.scan, row.features, row.extra) == ("", b"", [], None)


def test_an_expression_cannot_be_saved(dossier):
    dossier.story = F("name")
    with pytest.raises(FieldError):
        dossier.save()


@pytest.mark.parametrize(
    "lookup", [{"story": "x"}, {"story__contains": "x"}, {"extra__isnull": True}, {"story__x": 1}]
)
def test_sealed_words_cannot_be_searched(dossier, lookup):
    with pytest.raises(FieldError):
        Dossier.objects.filter(**lookup).exists()
    with pytest.raises(FieldError):
        Dossier.objects.exclude(**lookup).exists()


def test_values_give_no_words(dossier):
    (sealed,) = Dossier.objects.values_list("story", flat=True)
    assert repr(sealed) == "<sealed>"
    with pytest.raises(TypeError):
        str(sealed)


def test_sealed_words_are_not_written_to_fixtures(dossier):
    with pytest.raises(FieldError):
        serializers.serialize("json", [dossier])


def test_a_table_can_gain_sealed_columns_when_it_has_rows(dossier):
    for field in (SealedTextField(blank=True), SealedJSONField(default=dict, blank=True)):
        field.set_attributes_from_name("later")
        field.model = Dossier
        with connection.schema_editor() as editor:
            editor.add_field(Dossier, field)
            assert raw(dossier, "later") == b""
            editor.remove_field(Dossier, field)


# --- The seal ---------------------------------------------------------------------------------
def test_words_moved_to_another_column_do_not_open(dossier):
    copy_column(dossier, "name", dossier, "story")
    with pytest.raises(keys.SealBroken):
        _ = Dossier.objects.get(pk=dossier.pk).story


def test_words_moved_to_another_row_of_the_case_do_not_open(dossier):
    one = Remark.objects.create(dossier=dossier, words="canary one")
    two = Remark.objects.create(dossier=dossier, words="canary two")
    copy_column(one, "words", two, "words")
    with pytest.raises(keys.SealBroken):
        _ = Remark.objects.get(pk=two.pk).words
    assert Remark.objects.get(pk=one.pk).words == "canary one"


def test_words_moved_to_another_table_do_not_open(dossier):
    # The same id, so that only the table's name is left to tell them apart.
    Remark.objects.create(id=dossier.pk, dossier=dossier, words="canary remark")
    remark = Remark.objects.get(pk=dossier.pk)
    copy_column(remark, "words", dossier, "story")
    with pytest.raises(keys.SealBroken):
        _ = Dossier.objects.get(pk=dossier.pk).story


def test_words_and_keys_moved_to_another_case_do_not_open(dossier):
    case = uuid.uuid4()
    keys.new_case(case)
    other = Dossier.objects.create(id=case, story="other")
    copy_column(dossier, "story", other, "story")
    with pytest.raises(keys.SealBroken):
        _ = Dossier.objects.get(pk=case).story
    with connection.cursor() as cursor:  # the key of the first case, put in place of the other's
        cursor.execute(
            "UPDATE vault_datakey SET wrapped = (SELECT wrapped FROM vault_datakey WHERE id = %s) "
            "WHERE id = %s",
            [dossier.pk, case],
        )
    keys.forget()
    with pytest.raises(keys.SealBroken):
        _ = Dossier.objects.get(pk=case).story


@pytest.mark.parametrize("place", [0, 1, 13, -1])
def test_altered_or_cut_ciphertext_does_not_open(dossier, place):
    sealed = bytearray(raw(dossier, "story") or b"")
    sealed[place] ^= 1
    for broken in (bytes(sealed), bytes(sealed[:5]), b"canary in plain"):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE vault_tests_dossier SET story = %s", [broken])
        with pytest.raises(keys.SealBroken):
            _ = Dossier.objects.get(pk=dossier.pk).story


def test_a_row_without_a_key_is_not_saved(sealed_tables):
    with pytest.raises(keys.SealBroken), transaction.atomic():
        Dossier.objects.create(name="nobody made a key")
    assert not Dossier.objects.exists()


def test_a_destroyed_key_ends_the_case(dossier):
    assert dossier.name
    keys.destroy(dossier.pk)
    with pytest.raises(keys.SealBroken):
        _ = Dossier.objects.get(pk=dossier.pk).name
    keys.new_case(dossier.pk)  # a new key under the same id opens nothing of the old
    with pytest.raises(keys.SealBroken):
        _ = Dossier.objects.get(pk=dossier.pk).name


@pytest.mark.parametrize("key", ["", OTHER_KEY, "not base64!", "c2hvcnQ="])
def test_with_a_wrong_key_nothing_is_shown_and_nothing_is_saved(dossier, settings, key):
    before = whole_table(Dossier)
    settings.VAULT_KEY = key
    row = Dossier.objects.get(pk=dossier.pk)
    for column in SEALED_COLUMNS:
        with pytest.raises(keys.KeyUnavailable):
            getattr(row, column)
    row.story = "overwritten"
    with pytest.raises(keys.KeyUnavailable), transaction.atomic():
        row.save()
    with pytest.raises(keys.VaultError), transaction.atomic():
        Dossier.objects.create(name="new")
    assert whole_table(Dossier) == before


# --- Forms, cleaning, checks ------------------------------------------------------------------
def test_forms_ask_for_text(dossier):
    form_class = modelform_factory(Dossier, fields="__all__")
    form = form_class(instance=dossier)
    assert isinstance(form.fields["story"].widget, forms.Textarea)
    assert form.initial["story"] == "canary story"
    assert "scan" not in form.fields
    form = form_class({"name": "Someone", "story": " told ", "features": '["a"]'}, instance=dossier)
    assert form.is_valid(), form.errors
    form.save()
    kept = Dossier.objects.get(pk=dossier.pk)
    assert (kept.name, kept.story, kept.features) == ("Someone", "told", ["a"])


def test_cleaning_counts_the_plain_text(dossier):
    dossier.full_clean()
    dossier.name = "x" * 61
    with pytest.raises(ValidationError) as caught:
        dossier.full_clean()
    assert set(caught.value.message_dict) == {"name"}


def test_a_migration_can_write_the_field_down():
    _name, path, args, kwargs = SealedTextField(max_length=9, blank=True).deconstruct()
    assert (path, args, kwargs) == (
        "vault.fields.SealedTextField",
        [],
        {"max_length": 9, "blank": True},
    )


@isolate_apps("vault")
def test_sealed_fields_elsewhere_are_reported():
    class Loose(models.Model):
        words = SealedTextField(db_index=True)

        class Meta:
            app_label = "vault"

    assert {error.id for error in Loose.check()} >= {"vault.E001", "vault.E002"}


def test_a_table_must_say_which_case_it_is_of():
    with pytest.raises(NotImplementedError):
        _ = SealedModel.case_id.__get__(Remark())
