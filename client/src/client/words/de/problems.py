"""German: what the services refuse, by the code of the problem."""

from collections.abc import Mapping

PROBLEMS: Mapping[str, str] = {
    "problem": "Es wurde abgelehnt, und nichts hat sich geändert. Lade diese Seite neu, um zu sehen, wie es steht.",
    "problem.conflict": "Zu viele Änderungen auf einmal. Versuche es noch einmal.",
    "problem.too-large": "Das ist mehr, als auf einmal angenommen werden kann.",
    "problem.email-in-use": "Zu dieser E-Mail-Adresse gibt es schon ein Konto: Melde dich damit an, oder nimm "
    "eine andere.",
    "problem.invalid-credentials": "Die E-Mail-Adresse oder das Passwort stimmt nicht.",
    "problem.ticket-reserved": "Dieses Ticket ist reserviert oder verkauft und kann deshalb nicht geändert oder "
    "zurückgezogen werden.",
    "problem.no-such-ticket": "Dieses Ticket ist nicht im Angebot. Vielleicht wurde es zurückgezogen.",
    "problem.already-yours": "Du hast dieses Ticket schon reserviert.",
    "problem.being-paid": "Diese Bestellung wird gerade bezahlt.",
    "problem.already-paid": "Diese Bestellung ist schon bezahlt.",
    "problem.order-cancelled": "Diese Bestellung wurde aufgehoben. Deine Karte wurde nicht belastet.",
    "problem.order-expired": "Die Zeit zum Bezahlen ist um. Deine Karte wurde nicht belastet.",
    "problem.card-declined": "Deine Bank hat diese Karte abgelehnt. Es wurde nichts abgebucht.",
    "problem.too-many-tries": "Für diese Bestellung wurden zu viele Karten versucht. Deine Karte wurde nicht belastet.",
    "problem.wrong-currency": "Die Währung dieser Bestellung wird hier nicht angenommen. Deine Karte wurde nicht "
    "belastet.",
    "problem.field.title": "Dieser Titel kann nicht angenommen werden. Schreibe ihn in eine Zeile, mit einfachen "
    "Zeichen.",
    "problem.field.price": "Dieser Preis kann nicht angenommen werden.",
    "problem.field.email": "Das ist keine E-Mail-Adresse, an die eine Mail ankäme.",
    "problem.field.password": "Dieses Passwort kann nicht angenommen werden. Nimm 8 bis 128 Zeichen, ohne "
    "Steuerzeichen.",
}
