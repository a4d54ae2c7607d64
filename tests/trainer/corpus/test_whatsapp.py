"""WhatsApp's .txt, from Android and iPhones of several countries."""

from pathlib import Path

import pytest

from tests.trainer.corpus.learned import learned
from trainer.corpus.options import ReadingOptions
from trainer.corpus.source import Source
from trainer.corpus.whatsapp import read_whatsapp
from trainer.errors import CorpusError

ANDROID_SPAIN = """31/12/23, 23:58 - Los mensajes y las llamadas están cifrados de extremo a extremo.
31/12/23, 23:58 - Ana creó el grupo "Nochevieja: plan"
31/12/23, 23:59 - Ana: ¡Feliz año!
Que sea bueno:
- salud
1/1/24, 0:00 - Luis Pérez: <Multimedia omitido>
1/1/24, 0:01 - +34 612 34 56 78: ¿quién es @⁨Marta⁩?
1/1/24, 0:02 - Luis Pérez: Eliminaste este mensaje.
1/1/24, 0:03 - Luis Pérez: IMG-20240101-WA0001.jpg (archivo adjunto)
mira qué foto
1/1/24, 0:04 - Ana: ok <Se editó este mensaje.>
"""
ANDROID_USA = """12/31/23, 11:58\u202fPM - Messages and calls are end-to-end encrypted. Tap to learn more.
12/31/23, 11:59\u202fPM - Bob: happy new year
1/1/24, 12:01\u202fAM - Sue: <Media omitted>
1/1/24, 12:02\u202fAM - Sue: you too: really
1/1/24, 12:03\u202fPM - Bob: null
"""
IPHONE_GERMANY = """\u200e[31.12.23, 23:58:01] Silvester: \u200eNachrichten sind Ende-zu-Ende-verschlüsselt.
[31.12.23, 23:59:59] Jürgen: Frohes Neues!
und Gesundheit
\u200e[01.01.24, 00:00:03] Jürgen: \u200eBild weggelassen
[01.01.24, 00:00:09] ~\u202fKäthe: Danke \u200e<Diese Nachricht wurde bearbeitet.>
""".replace("\n", "\r\n")


def write(folder: Path, text: str, name: str = "WhatsApp Chat.txt") -> Path:
    path = folder / name
    path.write_text(text, "utf-8", newline="")
    return path


def times(path: Path) -> list[int | None]:
    return [message.when for message in read_whatsapp(Source.of_file(path), ReadingOptions())]


def test_android_in_spain(tmp_path: Path) -> None:
    assert learned(write(tmp_path, ANDROID_SPAIN)) == (
        "¡Feliz año!\nQue sea bueno:\n- salud\n¿quién es [user]?\nmira qué foto\nok\n\n"
    )


def test_android_in_america(tmp_path: Path) -> None:
    assert learned(write(tmp_path, ANDROID_USA), speakers=True) == "Bob: happy new year\nSue: you too: really\n\n"


def test_an_iphone_in_germany(tmp_path: Path) -> None:
    assert learned(write(tmp_path, IPHONE_GERMANY), speakers=True) == (
        "Jürgen: Frohes Neues!\nund Gesundheit\nKäthe: Danke\n\n"
    )


def test_a_speaker_known_by_a_number_alone_is_masked_too(tmp_path: Path) -> None:
    assert "[phone]: ¿quién es [user]?" in learned(write(tmp_path, ANDROID_SPAIN), speakers=True)


@pytest.mark.parametrize(
    "line",
    [
        "12/31/23, 11:59 PM - Ana: hola",
        "12/31/2023, 11:59 PM - Ana: hola",
        "[12/31/23, 11:59:00 PM] Ana: hola",
        "[12/31/23, 11:59:00\u202fPM] Ana: hola",
        "31/12/23, 23:59 - Ana: hola",
        "31/12/2023 23:59 - Ana: hola",
        "31/12/2023, 11:59 p.\u00a0m. - Ana: hola",
        "31/12/23, 11:59 pm - Ana: hola",
        "[31.12.23, 23:59:00] Ana: hola",
        "31.12.23, 23:59 - Ana: hola",
        "31-12-2023 23:59 - Ana: hola",
        "31/12/2023 à 23:59 - Ana: hola",
        "2023-12-31, 23:59 - Ana: hola",
        "2023-12-31 23:59 - Ana: hola",
        "2023/12/31 23:59 - Ana: hola",
        "[2023-12-31 23.59.00] Ana: hola",
        "\u200f٣١\u200f/١٢\u200f/٢٠٢٣، ٢٣:٥٩ - Ana: hola",
        "٣١/١٢/٢٠٢٣، ١١:٥٩ م - Ana: hola",
        "[۳۱/۱۲/۲۰۲۳،\u200f ۱۱:۵۹:۰۰ ب.ظ.] Ana: hola",
        "31.12.23 г., 23:59 ч. - Ana: hola",
        "31.12.2023 klo 23.59 - Ana: hola",
        "2023. 12. 31. 23:59 - Ana: hola",
        "2023. 12. 31. 오후 11:59 - Ana: hola",
        "2023년 12월 31일 오후 11:59 - Ana: hola",
        "[2023/12/31 下午11:59:00] Ana: hola",
        "2023/12/31 午後11:59 - Ana: hola",
        "31.12.23, 11:59 abends - Ana: hola",
        "31.12.2023 ÖS 11:59 - Ana: hola",
        "31/12/23, 11:59 μ.μ. - Ana: hola",
        "31/12/2023, 11:59 p. m. - Ana: hola",
    ],
)
def test_a_date_is_understood(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, f"{line}\nde nuevo\n")
    assert learned(path) == "hola\nde nuevo\n\n"
    assert times(path) == [1704067140]


def test_day_and_month_are_told_from_the_whole_file(tmp_path: Path) -> None:
    day_first = write(tmp_path, "03/04/23, 10:00 - A: x\n13/04/23, 10:00 - A: y\n", "1.txt")
    month_first = write(tmp_path, "03/04/23, 10:00 - A: x\n03/14/23, 10:00 - A: y\n", "2.txt")
    assert times(day_first)[0] == 1680516000  # 3 April
    assert times(month_first)[0] == 1677924000  # 4 March


def test_where_both_could_be_time_does_not_run_backwards(tmp_path: Path) -> None:
    day_first = write(tmp_path, "12/01/23, 10:00 - A: x\n01/02/23, 10:00 - A: y\n03/02/23, 10:00 - A: z\n", "1.txt")
    month_first = write(tmp_path, "01/12/23, 10:00 - A: x\n02/01/23, 10:00 - A: y\n02/03/23, 10:00 - A: z\n", "2.txt")
    assert times(day_first) == times(month_first) == [1673517600, 1675245600, 1675418400]


def test_where_nothing_tells_the_clock_of_twelve_hours_is_american(tmp_path: Path) -> None:
    assert times(write(tmp_path, "03/04/23, 10:00 AM - A: x\n", "1.txt")) == [1677924000]
    assert times(write(tmp_path, "03/04/23, 10:00 - A: x\n", "2.txt")) == [1680516000]


def test_a_line_that_only_looks_like_a_date_belongs_to_its_message(tmp_path: Path) -> None:
    path = write(tmp_path, "31/12/23, 23:59 - Ana: citas:\n45/45/23, 10:00 - nada\n1/1/24, 0:00 - Ana: fin\n")
    assert learned(path) == "citas:\n45/45/23, 10:00 - nada\nfin\n\n"


def test_a_diary_is_no_chat(tmp_path: Path) -> None:
    text = "31/12/2023 23:59 - fuegos artificiales\n1/1/2024 10:00 - resaca\n"
    assert learned(write(tmp_path, text)) == text


def test_a_chat_of_media_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"expected messages in .*Chat\.txt, got none"):
        learned(write(tmp_path, "31/12/23, 23:59 - Ana: <Media omitted>\n"))


def test_a_message_without_end_is_refused(tmp_path: Path) -> None:
    text = "31/12/23, 23:59 - Ana: uno\n" + ("x" * 9999 + "\n") * 1800
    with pytest.raises(CorpusError, match=r"Chat\.txt, got one without end at line 1,\d+: --plain"):
        learned(write(tmp_path, text))


def test_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_bytes("31/12/23, 23:59 - Ana: año\n".encode("latin-1"))
    with pytest.raises(CorpusError, match=r"chat\.txt, got byte 0xF1 at byte 24: .*--encoding"):
        learned(path)
    assert learned(path, encoding="latin-1") == "año\n\n"


def test_the_calendar_of_iran_is_understood_to_the_day(tmp_path: Path) -> None:
    """31 Ordibehesht 1402, a day that no April has, is 21 May 2023."""
    path = write(tmp_path, "[۱۴۰۲/۰۲/۳۱،\u200f ۲۳:۵۹:۰۰] Ana: hola\n[۱۴۰۲/۱۰/۱۰،\u200f ۲۳:۵۹:۰۰] Ana: adiós\n")
    assert times(path) == [1684713540, 1704067140]


def test_a_name_may_hold_a_colon(tmp_path: Path) -> None:
    path = write(tmp_path, "31/12/23, 23:59 - 12:30 Club: hola: sí\n31/12/23, 23:59 - Ana: ok\n")
    assert learned(path, speakers=True) == "12:30 Club: hola: sí\nAna: ok\n\n"


@pytest.mark.parametrize(
    "note",
    [
        "Bericht.pdf • \u200e3 Seiten \u200eDokument weggelassen",
        "\u200ePOLL:\n¿Pizza?\n\u200eOPTION: sí (\u200e2 votes)",
        "POLL:\n¿Pizza?\nOPTION: sí (2 votes)",
        "This message was deleted by admin Luis.",
        "Bu mesaj silindi",
        "삭제된 메시지입니다.",
        "<Medien ausgeschlossen>",
        "<मीडिया मौजूद नहीं है>",
        "GIF retiré",
        "audio omis",
        "sticker non incluso",
        "imagem não revelada",
        "карточка контакта отсутствует",
        "Videonachricht weggelassen",
        "VID-20231231-WA0001.mp4 (ficheiro anexado)",
        "STK-20231231-WA0001.webp (załączono plik)",
        "DOC-20231231-WA0006. (archivo adjunto)\nFactura de marzo.pdf",
        "<Media omitted>\nFactura de marzo.pdf",
        "Localisation : https://maps.google.com/?q=48.8,2.3",
        "Местоположение: https://maps.google.com/?q=55.7,37.6",
        "ubicación en tiempo real compartida",
        "Это сообщение удалено",
        "Verpasster Sprachanruf",
        "Waiting for this message. This may take a while.",
        "Esperando el mensaje. Esto puede tomar tiempo.",
        "Esperando el mensaje. Esto puede demorar un poco",
        "Warte auf diese Nachricht. Das kann einen Moment dauern.",
        "En attente de ce message. Vérifiez votre téléphone.",
        "Aguardando mensagem. Essa ação pode levar alguns instantes.",
        "In attesa del messaggio. Potrebbe volerci un po' di tempo.",
        "Wachten op dit bericht. Dit kan even duren.",
        "Les messages et les appels sont chiffrés de bout en bout. Aucun tiers ne peut les lire.",
    ],
)
def test_what_the_program_wrote_itself_is_not_learned(tmp_path: Path, note: str) -> None:
    path = write(tmp_path, f"31/12/23, 23:58 - Ana: hola\n31/12/23, 23:59 - Ana: {note}\n31/12/23, 23:59 - Ana: fin\n")
    assert learned(path) == "hola\nfin\n\n"


@pytest.mark.parametrize(
    "said", ["Esperando el mensaje. ¿Lo mandaste?", "Warte auf diese Nachricht", "Aguardando mensagem."]
)
def test_people_may_wait_for_a_message_too(tmp_path: Path, said: str) -> None:
    assert learned(write(tmp_path, f"31/12/23, 23:59 - Ana: {said}\n")) == f"{said}\n\n"


@pytest.mark.parametrize(
    "said",
    [
        "mira \u200eimage omitted",
        "mira\n\u200e<adjunto: 00000043-PHOTO-2023-12-31-09-16-06.jpg>",
        "IMG-20231231-WA0001.jpg (archivo adjunto)\nmira",
        "<Multimedia omitido>\nmira",
        "mira \u200e<This message was edited>",
    ],
)
def test_words_with_a_picture_are_learned_without_it(tmp_path: Path, said: str) -> None:
    assert learned(write(tmp_path, f"[31/12/23, 23:59:00] Ana: {said}\n")) == "mira\n\n"


def test_a_group_whose_name_holds_a_colon_says_nothing(tmp_path: Path) -> None:
    event = "31.12.23, 23:58 - Käthe hat den Gruppennamen von „Neu: alt“ zu „X: y“ geändert.\n"
    assert learned(write(tmp_path, event + "31.12.23, 23:59 - Ana: hallo\n"), speakers=True) == "Ana: hallo\n\n"


def test_somebody_mentioned_by_several_words_is_masked_wholly(tmp_path: Path) -> None:
    path = write(
        tmp_path, "[31/12/23, 23:59:00] Ana: @\u2068~\u202fEva María\u2069 y @\u2068Leo Paz\u2069, +34\u2068612345678\n"
    )
    assert learned(path) == "[user] y [user], [phone]\n\n"
