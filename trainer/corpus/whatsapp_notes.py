"""What WhatsApp itself writes into a chat, in the languages of its users: media, deletions, edits."""

import re

_OMITTED = (  # iPhone; Android puts the like in angle brackets
    r"(?:GIF(?:-файл)?|image|photo|video|video note|audio|voice message|sticker|document|contact card|"
    r"imagen|foto|documento|nota de vídeo|tarjeta de contacto|Bild|Dokument|(?:Video|Sprach)nachricht|Kontaktkarte|"
    r"imagem|vídeo|áudio|figurinha|autocolante|cartão d[oe] contac?to|immagine|adesivo|scheda contatto|"
    r"vidéo|fiche contact|afbeelding|изображение|видео|аудио(?:файл)?|стикер|документ|карточка контакта)"
    r" (?:omitted|omitid[oa]|weggelassen|ausgelassen|absente?|omise?|retirée?|manquante?|ocultad[oa]|não revelad[oa]|"
    r"omess[oa]|esclus[oa]|non inclus[oa]|weggelaten|опущен[оа]?|отсутствует|пропущен[оа]?)\.?"
)
_BRACKETED = r"<(?!3)[^<>\n]{3,80}>"
_MEDIA = re.compile(f"{_OMITTED}|{_BRACKETED}", re.IGNORECASE)
# Of a caption: the picture that comes after it.
_TAIL = re.compile(f"\\s{{0,9}}\u200e(?:{_OMITTED}|{_BRACKETED})\\s{{0,9}}$", re.IGNORECASE)
_ATTACHED = re.compile(
    r"(?:[^\n]{1,200}\.\w{2,5} \((?:file attached|archivo adjunto|Datei angehängt|fichier joint|arquivo anexado|"
    r"ficheiro anexado|file allegato|bestand bijgevoegd|файл добавлен|файл прикреплен)\)"
    r"|(?:IMG|VID|AUD|PTT|STK|DOC)-\d{8}-WA\d{4,8}\.\w{0,5} \([^()\n]{3,40}\))(?:\n|$)",
    re.IGNORECASE,
)
_TITLE = re.compile(  # of a document, on the line after it
    r"[^\n/]{1,200}\.(?:pdf|docx?|xlsx?|pptx?|od[tsp]|txt|csv|zip|rar|apk|epub|mp3|m4a|vcf)(?:\n|$)", re.IGNORECASE
)
_GONE = re.compile(
    r"(?:null|(?:This message was deleted|You deleted this message|"
    r"Missed (?:group )?(?:voice|video) call|"
    r"Se eliminó este mensaje|Eliminaste este mensaje|Este mensaje fue eliminado|"
    r"Llamada (?:de voz |de grupo )?perdida|Videollamada perdida|"
    r"Diese Nachricht wurde gelöscht|Du hast diese Nachricht gelöscht|Ce message a été supprimé|"
    r"Vous avez supprimé ce message|Mensagem apagada|Esta mensagem foi apagada|Você apagou esta mensagem|"
    r"Questo messaggio è stato eliminato|Hai eliminato questo messaggio|Dit bericht is verwijderd|"
    r"Apagou esta mensagem|(?:Данное|Это) сообщение удалено|Вы удалили (?:данное|это) сообщение|"
    r"Verpasster (?:Sprach|Video)anruf|Appel (?:vocal|vidéo) manqué|Chamada de (?:voz|vídeo) perdida|"
    r"(?:Chiamata vocale|Videochiamata) persa|Пропущенный (?:аудио|видео)звонок|"
    r"live location shared|ubicación en tiempo real compartida|Live-Standort wird geteilt|"
    r"localisation en direct partagée|localização em tempo real compartilhada|posizione in tempo reale condivisa)\.?"
    r"|[^\n:]{3,40} ?: https://(?:maps\.google\.com|foursquare\.com)/\S+)",
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
# In place of a message that could not be deciphered yet. Only languages in which it was seen quoted: Russian's wording
# and others are not known here, and stay. The second sentence has several forms, and tells it from people's words.
_WAITING = re.compile(
    r"(?:Waiting for this message|(?:Esperando (?:el|este) mensaje|Warte auf diese Nachricht|En attente de ce message|"
    r"Aguardando mensagem|In attesa del messaggio|Wachten op dit bericht)\. "
    r"(?:Esto puede|Das kann|Cela peut|Vérifiez votre téléphone|Essa ação pode|Potrebbe volerci|Dit kan))[^\n]*",
    re.IGNORECASE,
)
_ENCRYPTED = re.compile(
    r"(?:Messages|Los mensajes|Nachrichten|Les messages|As mensagens|I messaggi|Berichten|Сообщения)\b[^\n]{0,80}"
    r"(?:end-to-end|extremo a extremo|Ende-zu-Ende|bout en bout|ponta a ponta|eind-tot-eind|сквозным)[^\n]*",
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
    text = _UNSEEN.sub("", _EDITED.sub("", _TAIL.sub("", text))).strip()
    first, _, caption = text.partition("\n")
    if _MEDIA.fullmatch(first) or _ATTACHED.match(text):
        text = _TITLE.sub("", caption, count=1) if _TITLE.match(caption) else caption
    return "" if any(form.fullmatch(text) for form in (_GONE, _GONE_ELSEWHERE, _WAITING, _ENCRYPTED)) else text.strip()


def author(name: str) -> str:
    """A name without direction marks, and without the ~ before somebody who is no contact."""
    return _UNSEEN.sub("", name).strip().removeprefix("~").strip(" \u202f\u00a0")
