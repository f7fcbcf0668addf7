"""German: without a network."""

from collections.abc import Mapping

OFFLINE: Mapping[str, str] = {
    "offline.title": "Keine Verbindung",
    "offline.h1": "Dieses Gerät ist offline",
    "offline.lede": "Der Shop ist nicht erreichbar. Diese Seite kommt von selbst, sobald die Verbindung wieder da ist.",
    "offline.orders": "Deine Bestellungen kannst du lesen, wenn du sie seit dem Anmelden auf diesem Gerät angesehen "
    "hast.",
    "offline.say": "Eine Reservierung bleibt bis zu ihrem Ende deine, und die Zeit läuft weiter, während du offline "
    "bist. Wenn du gerade bezahlen wolltest, sieh bei deinen Bestellungen nach, bevor du noch einmal zahlst.",
    "offline.copy": "So stand es am {day} um {time}. Sobald die Verbindung wieder da ist, wird diese "
    "Seite aktualisiert.",
}
