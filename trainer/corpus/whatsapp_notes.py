"""What WhatsApp itself writes into a chat, in the languages of its users: media, deletions, edits."""

import re

_OMITTED = re.compile(  # iPhone; Android puts the like in angle brackets
    r"(?:GIF|image|photo|video|video note|audio|voice message|sticker|document|contact card|"
    r"imagen|foto|documento|nota de vídeo|tarjeta de contacto|Bild|Video|Audio|Sticker|Dokument|Kontaktkarte|"
    r"imagem|vídeo|áudio|figurinha|cartão do contato|immagine|adesivo|scheda contatto|"
    r"vidéo|document|fiche contact|afbeelding|изображение|видео|аудио|стикер|GIF-файл|документ)"
    r" (?:omitted|omitid[oa]|weggelassen|ausgelassen|absente?|ocultad[oa]|omess[oa]|weggelaten|"
    r"опущен[оа]?|отсутствует|пропущен[оа]?)\.?",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"<(?!3)[^<>\n]{3,80}>")
_ATTACHED = re.compile(
    r"[^\n]{1,200}\.\w{2,5} \((?:file attached|archivo adjunto|Datei angehängt|fichier joint|arquivo anexado|"
    r"file allegato|bestand bijgevoegd|файл добавлен)\)(?:\n|$)",
    re.IGNORECASE,
)
_GONE = re.compile(
    r"(?:null|(?:This message was deleted|You deleted this message|Waiting for this message[^\n]*|"
    r"Missed (?:voice|video) call|Se eliminó este mensaje|Eliminaste este mensaje|Este mensaje fue eliminado|"
    r"Llamada (?:de voz |de grupo )?perdida|Videollamada perdida|"
    r"Diese Nachricht wurde gelöscht|Du hast diese Nachricht gelöscht|Ce message a été supprimé|"
    r"Vous avez supprimé ce message|Mensagem apagada|Esta mensagem foi apagada|Você apagou esta mensagem|"
    r"Questo messaggio è stato eliminato|Hai eliminato questo messaggio|Dit bericht is verwijderd|"
    r"Данное сообщение удалено|Вы удалили данное сообщение)\.?"
    r"|(?:location|live location|ubicación|standort|localização|posizione|position): https?://\S+)",
    re.IGNORECASE,
)
_GONE_ELSEWHERE = re.compile(
    r"(?:This message was deleted by admin [^\n]{1,100}|Bu mesaj silindi|Bu mesajı sildiniz|"
    r"Ta wiadomość została usunięta|"
    r"Pesan ini (?:telah )?dihapus|Anda menghapus pesan ini|यह संदेश हटा दिया गया(?: था)?|आपने यह संदेश हटा दिया|"
    r"این پیام حذف شد|تم حذف هذه الرسالة|ההודעה הזו נמחקה|此消息已被?删除|此訊息已刪除|このメッセージは削除されました|"
    r"삭제된 메시지입니다|Mesajul a fost șters|Detta meddelande raderades|Tämä viesti poistettiin)[.。]?",
    re.IGNORECASE,
)
_PAGES = re.compile(r"[^\n]{1,200} [•·] \u200e[^\n]*")  # a document on an iPhone: its name, its pages
_POLL = re.compile(
    r"\u200e?(?:POLL|ENCUESTA|UMFRAGE|ENQUETE|SONDAGE|SONDAGGIO|PEILING|ОПРОС|ANKET|ANKIETA):\n.*", re.DOTALL
)
_EDITED = re.compile(
    r"\s?\u200e?<(?:This message was edited|Se editó este mensaje|Diese Nachricht wurde bearbeitet|"
    r"Ce message a été modifié|Mensagem editada|Esta mensagem foi editada|Questo messaggio è stato modificato|"
    r"Dit bericht is bewerkt|Сообщение изменено)\.?>\s*$",
    re.IGNORECASE,
)
_UNSEEN = re.compile("[\u200e\u200f\u202a-\u202e\ufeff]")


def without_notes(text: str) -> str:
    """What the author wrote, or nothing where the message is only the program's words."""
    if text.startswith("\u200e") and "\n" not in text:  # iPhones put this mark before words of the program's own
        return ""
    if _POLL.fullmatch(text) or _PAGES.fullmatch(text):
        return ""
    text = _UNSEEN.sub("", _EDITED.sub("", text)).strip()
    text = _ATTACHED.sub("", text, count=1).strip() if _ATTACHED.match(text) else text
    first, _, caption = text.partition("\n")
    if _OMITTED.fullmatch(first) or _BRACKETED.fullmatch(first):
        return caption.strip()
    return "" if _GONE.fullmatch(text) or _GONE_ELSEWHERE.fullmatch(text) else text


def author(name: str) -> str:
    """A name without direction marks, and without the ~ before somebody who is no contact."""
    return _UNSEEN.sub("", name).strip().removeprefix("~").strip(" \u202f\u00a0")
