"""What a call is about, told from its method: what it spends, how much it matters, whose refusal it is."""

import pytest

from bot.sending import outgoing
from bot.sending.outgoing import Priority


@pytest.mark.parametrize(
    "method",
    [
        *("sendmessage", "sendphoto", "senddocument", "sendpoll", "forwardmessage", "copymessage"),
        *("editmessagetext", "editmessagecaption", "editmessagereplymarkup", "stoppoll"),
    ],
)
def test_what_people_see_change_is_a_message_and_final(method: str) -> None:
    assert outgoing.is_charged(method)
    assert outgoing.is_message(method)
    assert outgoing.usual_priority(method) is Priority.FINAL


@pytest.mark.parametrize(
    ("method", "priority"), [("sendmessagedraft", Priority.FRAME), ("sendchataction", Priority.TYPING)]
)
def test_decoration_spends_the_bots_budget_alone_and_gives_way(method: str, priority: Priority) -> None:
    assert outgoing.is_charged(method)
    assert not outgoing.is_message(method)
    assert outgoing.usual_priority(method) is priority


@pytest.mark.parametrize("method", ["getme", "getchat", "getchatmember", "deletemessage", "answercallbackquery"])
def test_asking_answering_a_press_and_deleting_spend_nothing(method: str) -> None:
    assert not outgoing.is_charged(method)
    assert not outgoing.is_limited_by_itself(method)


@pytest.mark.parametrize(
    "method",
    ["setmycommands", "setmydescription", "deletemycommands", "setwebhook", "deletewebhook", "close", "logout"],
)
def test_a_refusal_of_what_is_rarely_called_says_nothing_about_messages(method: str) -> None:
    assert outgoing.is_limited_by_itself(method)


@pytest.mark.parametrize("method", ["sendmessage", "editmessagetext", "sendchataction", "getupdates"])
def test_a_refusal_of_what_is_often_called_does(method: str) -> None:
    assert not outgoing.is_limited_by_itself(method)
