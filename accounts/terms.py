"""The words that the first version of the terms of use begins with; the board may change them."""

FIRST = "\n\n".join(
    [
        "I use the portal for my work, to keep people safe, and for nothing else.",
        "I open only the records that I need for that. "
        "I know that every look is noted, with my name and the time.",
        "I write what I saw and heard, as it was, and keep opinions apart from facts.",
        "I tell what I read here to nobody who does not need it to protect somebody.",
        "I keep my way of signing in to myself, and sign out on devices that others use.",
        "If I think that somebody else has seen what they should not have, "
        "I tell my safeguarding lead at once.",
    ]
)

DRAFT = f"This is a draft: the board of the partnership has not approved it yet.\n\n{FIRST}"
"""What a new portal begins with, until the board publishes its own."""
