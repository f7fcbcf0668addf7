/* What the fields say. A language that is not here is shown in English. */
const WORDS = {
  en: {
    number: "Card number", exp: "Expires", expHint: "MM/YY", cvc: "Security code", country: "Country", postal: "Postal code", postalUS: "ZIP code",
    incomplete_number: "The card number is incomplete.",
    invalid_number: "The card number is not valid.",
    incomplete_expiry: "The expiry date is incomplete.",
    invalid_expiry_month_past: "The expiry date is in the past.",
    invalid_expiry_year_past: "The expiry date is in the past.",
    incomplete_cvc: "The security code is incomplete.",
    incomplete_zip: "The postal code is incomplete.",
    incorrect_number: "The card number is not right.",
    incorrect_cvc: "The security code does not belong to this card.",
    expired_card: "This card has expired.",
  },
  de: {
    number: "Kartennummer", exp: "Gültig bis", expHint: "MM/JJ", cvc: "Prüfziffer", country: "Land", postal: "Postleitzahl", postalUS: "Postleitzahl",
    incomplete_number: "Die Kartennummer ist unvollständig.",
    invalid_number: "Die Kartennummer ist ungültig.",
    incomplete_expiry: "Das Ablaufdatum ist unvollständig.",
    invalid_expiry_month_past: "Das Ablaufdatum liegt in der Vergangenheit.",
    invalid_expiry_year_past: "Das Ablaufdatum liegt in der Vergangenheit.",
    incomplete_cvc: "Die Prüfziffer ist unvollständig.",
    incomplete_zip: "Die Postleitzahl ist unvollständig.",
    incorrect_number: "Die Kartennummer ist falsch.",
    incorrect_cvc: "Die Prüfziffer gehört nicht zu dieser Karte.",
    expired_card: "Diese Karte ist abgelaufen.",
  },
};

const language = (locale) => {
  const wanted = (!locale || locale === "auto" ? navigator.language : locale).split("-")[0];
  return WORDS[wanted] ? wanted : "en";
};
