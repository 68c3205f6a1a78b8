import uuid

import pytest
from django.db import connection

from tests.vault.models import Dossier, Remark
from vault import keys


@pytest.fixture
def sealed_tables(db: None) -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Dossier)
        editor.create_model(Remark)
    keys.forget()


@pytest.fixture
def dossier(sealed_tables: None) -> Dossier:
    """A case with words in every column, as the database has it."""
    case = uuid.uuid4()
    keys.new_case(case)
    Dossier.objects.create(
        id=case,
        name="Canary Smith",
        story="canary story",
        features=["canary feature"],
        extra={"canary": "extra"},
        scan=b"\x00canary scan",
    )
    keys.forget()
    return Dossier.objects.get(pk=case)
