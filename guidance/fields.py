"""Columns of the pages: several choices of one list, and blocks of text."""

from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models
from wagtail.fields import StreamField


class ChoicesField(ArrayField):  # type: ignore[type-arg]
    """Values of a list, in the list's order; asked as tick boxes."""

    def __init__(self, choices_of: type[models.TextChoices] | None = None, **kwargs: Any) -> None:
        if choices_of is not None:
            kwargs["base_field"] = models.CharField(max_length=20, choices=choices_of.choices)
            kwargs |= {"default": list, "blank": True}
        super().__init__(**kwargs)

    def formfield(self, **kwargs: Any) -> forms.Field:
        return forms.MultipleChoiceField(
            label=self.verbose_name,
            required=not self.blank,
            help_text=self.help_text,
            choices=self.base_field.choices or [],
            widget=forms.CheckboxSelectMultiple,
        )


class BlocksField(StreamField):
    """A stream whose kinds of block are no part of the database, so no part of migrations.

    Wagtail writes them all into a migration for every page type, whenever a label changes.
    """

    def deconstruct(self) -> Any:
        name, path, _args, kwargs = super().deconstruct()
        kwargs.pop("block_lookup", None)
        return name, path, [[]], kwargs
