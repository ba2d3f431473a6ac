"""Who is who: the rules of linking and moving identities."""

from itertools import count
from uuid import UUID

from recado.engine.identities import Assignment, Identity, Sender, assign

HERE = UUID(int=1)
ANA, BIA = UUID(int=0xA), UUID(int=0xB)
PHONE = Identity(HERE, "phone", "5511987654321")
USER = Identity(HERE, "user_id", "BR.1349")


def sender(phone: str | None = "5511987654321", user_id: str | None = None) -> Sender:
    return Sender(HERE, phone=phone, user_id=user_id)


def assigned(*senders: Sender, known: dict[Identity, UUID] | None = None) -> Assignment:
    numbers = count(100)
    return assign(senders, known or {}, new_id=lambda: UUID(int=next(numbers)))


def test_an_unknown_sender_gets_a_contact() -> None:
    result = assigned(sender())

    assert result.made == {UUID(int=100): sender()}
    assert result.linked == {PHONE: UUID(int=100)}


def test_a_known_sender_needs_nothing_written() -> None:
    result = assigned(sender(), known={PHONE: ANA})

    assert (result.made, result.linked, result.moved) == ({}, {}, {})
    assert result.owners[PHONE] == ANA


def test_the_ninth_digit_makes_no_second_contact() -> None:
    result = assigned(sender("551187654321"), sender("5511987654321"))

    assert len(result.made) == 1


def test_a_message_with_both_links_the_missing_identity() -> None:
    by_phone = assigned(sender(user_id="BR.1349"), known={PHONE: ANA})
    by_user = assigned(sender(user_id="BR.1349"), known={USER: ANA})

    assert by_phone.linked == {USER: ANA}
    assert by_user.linked == {PHONE: ANA}


def test_of_two_contacts_the_one_of_the_phone_gets_the_user_id() -> None:
    result = assigned(sender(user_id="BR.1349"), known={PHONE: ANA, USER: BIA})

    assert result.owners == {PHONE: ANA, USER: ANA}
    assert result.moved == {USER: (BIA, ANA)}


def test_separate_messages_and_the_one_that_links_them_make_one_contact() -> None:
    result = assigned(sender(), sender(None, "BR.1349"), sender(user_id="BR.1349"))

    assert len(result.made) == 1
    assert set(result.owners.values()) == set(result.made)


def test_workspaces_do_not_share_contacts() -> None:
    elsewhere = Sender(UUID(int=2), phone="5511987654321")

    assert len(assigned(sender(), elsewhere, known={PHONE: ANA}).made) == 1
