"""German: what happens while somebody pays."""

from collections.abc import Mapping

_HELD = "Es wurde nichts abgebucht, und das Ticket ist weiter für dich reserviert."
_ANOTHER = f"{_HELD} Versuche eine andere Karte."
_CHECK = f"{_HELD} Prüfe die Angabe, oder versuch eine andere Karte."

PAYING: Mapping[str, str] = {
    "pay.loading": "Kartenformular wird geladen",
    "pay.again": "Noch einmal versuchen",
    "pay.wrong": "Es wurde nichts gesendet. Ändere, was oben markiert ist.",
    "pay.unsent": "Deine Karte wurde nicht gesendet",
    "pay.unsent.say": "Die Verbindung brach vorher ab. Prüfe, ob du online bist, und drücke noch einmal auf Bezahlen.",
    "pay.silent.say": "Der Kartendienst antwortet nicht. Versuche es gleich noch einmal.",
    "pay.lost": "Die Verbindung brach ab, während du bezahlt hast",
    "pay.lost.say": "Diese Seite fragt weiter nach, was daraus wurde. Du zahlst nur, wenn dieses Ticket deins wird.",
    "declined.generic_decline": f"Deine Bank hat diese Karte abgelehnt. {_ANOTHER}",
    "declined.insufficient_funds": f"Auf dieser Karte ist nicht genug Geld. {_ANOTHER}",
    "declined.expired_card": f"Diese Karte ist abgelaufen. {_ANOTHER}",
    "declined.incorrect_cvc": f"Der Sicherheitscode gehört nicht zu dieser Karte. {_CHECK}",
    "declined.incorrect_number": f"Die Kartennummer stimmt nicht. {_CHECK}",
    "declined.incorrect_expiry": f"Das Ablaufdatum gehört nicht zu dieser Karte. {_CHECK}",
    "declined.incorrect_zip": f"Die Postleitzahl gehört nicht zu dieser Karte. {_CHECK}",
    "declined.card_velocity_exceeded": f"Diese Karte hat für den Moment ihr Limit erreicht. {_ANOTHER}",
    "declined.card_not_supported": f"Diese Karte kann für diesen Kauf nicht verwendet werden. {_ANOTHER}",
    "declined.processing_error": f"Deine Bank konnte die Karte gerade nicht verarbeiten. {_HELD} Versuche es gleich "
    "noch einmal.",
    "declined.authentication_failed": f"Deine Bank konnte nicht bestätigen, dass du es warst. {_HELD} Versuche es noch "
    "einmal, oder nimm eine andere Karte.",
    "declined.test_cards_only": f"Hier gehen nur Testkarten. {_HELD}",
    "declined.unconfirmed": f"{_HELD} Versuche es noch einmal.",
}
