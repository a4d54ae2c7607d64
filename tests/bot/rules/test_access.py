"""Who may use the bot: by id, in every way in which an update can come."""

from bot.rules.access import Access

ANA, BOB, EVE = 1, 2, 3
GROUP, ELSEWHERE = -100, -200


def test_where_nobody_is_named_everybody_may_come() -> None:
    assert Access().allows(ELSEWHERE, EVE)
    assert Access(admins=frozenset([ANA])).allows(ELSEWHERE, EVE)


def test_chats_people_and_admins_are_let_in_and_nobody_else() -> None:
    access = Access(frozenset([GROUP, BOB]), frozenset([ANA]), frozenset([9]))
    assert access.allows(GROUP, EVE)
    assert access.allows(ELSEWHERE, ANA)
    assert access.allows(ELSEWHERE, 9)
    assert not access.allows(ELSEWHERE, EVE)
    assert not access.allows(ELSEWHERE, BOB)  # the private chat with Bob is allowed, Bob elsewhere is not
    assert not access.allows(ELSEWHERE, None)
    assert not access.allows(None, None)


def test_what_has_no_chat_is_judged_as_its_persons_private_chat() -> None:
    access = Access(frozenset([BOB]))
    assert access.allows(None, BOB)
    assert not access.allows(None, EVE)


def test_an_admin_is_an_id() -> None:
    assert Access(admins=frozenset([ANA])).is_admin(ANA)
    assert not Access(admins=frozenset([ANA])).is_admin(EVE)
    assert not Access().is_admin(None)
