"""German: what changes while somebody looks, and the account page."""

from collections.abc import Mapping

LIVE: Mapping[str, str] = {
    # on a page that is kept up to date
    "look.sold.just": "Gerade verkauft",
    "look.removed": "Zurückgezogen",
    "live.free": "Wieder zu haben: {title}.",
    "live.own": "Geändert: {title}.",
    "live.held": "Gerade reserviert: {title}.",
    "live.paying": "Wird gerade bezahlt: {title}.",
    "live.mine_held": "Für dich reserviert: {title}.",
    "live.mine_paying": "Deins, wird bestätigt: {title}.",
    "live.mine": "Deins: {title}.",
    "live.sold": "Gerade verkauft: {title}.",
    "live.removed": "Zurückgezogen: {title}.",
    "live.many": "Mehrere Tickets auf dieser Seite haben sich geändert.",
    "live.fresh.one": "1 weiteres Ticket ist im Angebot.",
    "live.fresh.other": "{count} weitere Tickets sind im Angebot.",
    "live.fresh.show.one": "Anzeigen",
    "live.fresh.show.other": "Anzeigen",
    "crowded.title": "Nicht auf dem neuesten Stand",
    "crowded.h1": "Gerade sehen zu viele Leute zu",
    "crowded.lede": "Für einen Moment aktualisieren sich Seiten nicht von selbst. Lade eine Seite neu, um zu sehen, "
    "was sich geändert hat.",
    # offered to who came too late
    "others": "Jetzt im Angebot",
    # the price filter
    "listing.from": "Preis von",
    "listing.to": "Preis bis",
    "listing.bad_price": "Gib einen Betrag ein, etwa {example}",
    "listing.fits.one": "1 Ticket passt",
    "listing.fits.other": "{count} Tickets passen",
    "listing.fits_many": "Mehr als {count} Tickets passen",
    "listing.none_fit": "Kein Ticket passt",
    "listing.none_fit.say": "Nichts, was jetzt im Angebot ist, liegt zwischen diesen beiden Preisen. Mit einer "
    "größeren Spanne findest du mehr.",
    "listing.clear_all": "Filter löschen",
    "price.from": "ab {low}",
    "price.to": "bis {high}",
    "price.between": "{low} bis {high}",
    # a ticket's form, while it is typed
    "form.price.echo": "Käufer zahlen {price}.",
    # five minutes more
    "pay.extend": "Noch fünf Minuten",
    "pay.extend.say": "Du kannst sie einmal bekommen.",
    "pay.extended": "Fünf Minuten sind dazugekommen.",
    "flash.extended": "Fünf Minuten sind dazugekommen",
    "flash.extended.say": "Das Ticket bleibt für dich allein reserviert.",
    "flash.not_extended": "Mehr Zeit war nicht möglich",
    "flash.not_extended.say": "Die fünf Minuten gibt es einmal, solange das Ticket für dich reserviert ist.",
    # the account
    "account": "Konto",
    "account.h1": "Dein Konto",
    "account.email": "E-Mail-Adresse",
    "account.since": "Hier seit",
    "account.colours": "Farben",
    "account.colours.say": "Wird in diesem Browser gemerkt.",
    "account.light": "Hell",
    "account.dark": "Dunkel",
    "account.auto": "Wie auf diesem Gerät eingestellt",
    "account.colours.do": "Diese Farben verwenden",
    "account.language": "Sprache",
    "account.yours": "Deins im Shop",
    "account.orders": "Meine Bestellungen",
    "account.listings": "Meine Angebote",
    "account.out.say": "Deine Bestellungen und Angebote bleiben. Melde dich ab, wo auch andere diesen Browser "
    "benutzen.",
}
