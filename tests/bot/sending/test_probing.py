"""The search for a message on servers that count in different ways."""

from hypothesis import given
from hypothesis import strategies as st

from bot.sending.probing import MOST, NEAR, Probe, Search
from bot.storage.mail import MessageIds

YOU, ANA, GROUP = 7, 8, -1_000_000_000_005


def search(chat: int, above: int, server: dict[int, bool], ids: MessageIds) -> tuple[int | None, list[int]]:
    """The id found on a server that has these messages in this chat (id -> whether the bot's), and all tried."""
    looking, tried = Search(chat, above, ids), []
    while (candidate := looking.next()) is not None:
        tried.append(candidate)
        if server.get(candidate):
            return candidate, tried
        looking.note(Probe.FOREIGN if candidate in server else Probe.MISSING)
    return None, tried


def ids(here: set[int], elsewhere: set[tuple[int, int]] = frozenset(), uncertain: int = 1) -> MessageIds:  # type: ignore[assignment]
    return MessageIds(frozenset(here), tuple(elsewhere), uncertain)


def test_the_next_message_of_the_chat_is_tried_first() -> None:
    assert search(YOU, 10, {10: False, 11: True}, ids(set())) == (11, [11])


def test_a_message_that_never_arrived_costs_a_few_tries() -> None:
    found, tried = search(GROUP, 10, {10: False}, ids(set()))
    assert found is None
    assert len(tried) <= NEAR + 1


def test_known_messages_of_the_chat_are_left_alone() -> None:
    people = dict.fromkeys(range(11, 30), False)
    assert search(GROUP, 10, people | {30: True}, ids(set(people))) == (30, [30])


def test_messages_in_a_group_that_a_bot_does_not_see_are_stepped_over() -> None:
    people = dict.fromkeys(range(11, 30), False)
    assert search(GROUP, 10, people | {30: True}, ids(set()))[0] == 30


def test_with_one_counter_for_all_private_chats_others_messages_are_not_tried() -> None:
    others = {(ANA, number) for number in range(14, 500)}
    found, tried = search(YOU, 10, {10: False, 500: True}, ids(set(), others))
    assert (found, tried) == (500, [11, 12, 13, 500])


def test_where_private_chats_use_the_same_ids_each_counts_for_itself() -> None:
    others = {(ANA, number) for number in range(11, 500)} | {(9, 11)}
    found, tried = search(YOU, 10, {10: False, 14: True, 11: False, 12: False, 13: False}, ids(set(), others))
    assert found == 14
    assert len(tried) == 4


def test_a_search_ends_however_little_is_known() -> None:
    found, tried = search(YOU, 10, {}, ids(set(), {(ANA, 10_000)}))
    assert found is None
    assert len(tried) <= MOST


@given(st.data())
def test_the_message_is_found_on_a_server_with_one_counter(data: st.DataObject) -> None:
    """Whatever else was in flight: messages of other chats are known, or the bot's own and uncertain."""
    owners = data.draw(st.lists(st.sampled_from([YOU, ANA, 9, None]), max_size=60))
    uncertain = [number for number, owner in enumerate(owners, 11) if owner is None][:20]
    mine = data.draw(st.sampled_from([*uncertain, len(owners) + 11]))
    known = {(owner, number) for number, owner in enumerate(owners, 11) if owner is not None and number != mine}
    here = {number for chat, number in known if chat == YOU}
    rest = {pair for pair in known if pair[0] != YOU}
    server = dict.fromkeys(here, False) | {mine: True}
    unknown = sum(owner is None for owner in owners) + 1
    if unknown <= MOST:
        assert search(YOU, 10, server, ids(here, rest, unknown))[0] == mine
