/* What may be typed into each field, how it is written, and what is wrong with it. */
const BRANDS = [[/^3[47]/, "amex", "Amex"], [/^4/, "visa", "Visa"], [/^(5[1-5]|2[2-7])/, "mastercard", "Mastercard"], [/^6[05]/, "discover", "Discover"], [/^62/, "unionpay", "UnionPay"], [/^35/, "jcb", "JCB"], [/^3[06]/, "diners", "Diners"]];
const LENGTHS = { amex: [15], diners: [14, 16], unionpay: [16, 17, 18, 19], unknown: [12, 13, 14, 15, 16, 17, 18, 19] };
/* Where Stripe asks for a postal code with a card. */
const POSTAL = { US: /^\d{5}(-?\d{4})?$/, CA: /^[a-z]\d[a-z] ?\d[a-z]\d$/i, GB: /^[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}$/i };
const COUNTRIES = "AC AD AE AF AG AI AL AM AO AQ AR AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CD CF CG CH CI CK CL CM CN CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PY QA RE RO RS RU RW SA SB SC SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VN VU WF WS XK YE YT ZA ZM ZW".split(" ");

const digits = (text) => text.replace(/\D/g, "");
const brandOf = (number) => BRANDS.find(([pattern]) => pattern.test(number)) || [null, "unknown", ""];

function luhn(number) {
  const sum = [...number].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (1 + (place % 2));
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

const CHECKS = {
  number({ number }) {
    const found = digits(number);
    const lengths = LENGTHS[brandOf(found)[1]] || [16];
    if (found.length < lengths[0]) return "incomplete_number";
    return lengths.includes(found.length) && luhn(found) ? null : "invalid_number";
  },
  exp({ exp }) {
    const found = /^(0[1-9]|1[0-2])(\d\d)$/.exec(digits(exp));
    if (!found) return "incomplete_expiry";
    const now = new Date();
    const year = now.getFullYear() % 100;
    if (Number(found[2]) < year) return "invalid_expiry_year_past";
    return Number(found[2]) === year && Number(found[1]) <= now.getMonth() ? "invalid_expiry_month_past" : null;
  },
  cvc({ number, cvc }) {
    const wanted = brandOf(digits(number))[1] === "amex" ? [3, 4] : [3];
    return wanted.includes(digits(cvc).length) ? null : "incomplete_cvc";
  },
  country: () => null,
  postal({ country, postal }) {
    return !POSTAL[country] || POSTAL[country].test(postal.trim()) ? null : "incomplete_zip";
  },
};

const FORMATS = {
  number(text) {
    const found = digits(text).slice(0, 19);
    return (/^3[47]/.test(found) ? found.replace(/^(.{4})(.{1,6})/, "$1 $2 ") : found.replace(/(\d{4})(?=\d)/g, "$1 ")).trim();
  },
  exp(text) {
    let found = digits(text);
    if (/^[2-9]/.test(found)) found = `0${found}`;
    found = found.slice(0, 4);
    return found.length > 2 ? `${found.slice(0, 2)}/${found.slice(2)}` : found;
  },
  cvc: (text) => digits(text).slice(0, 4),
  postal: (text) => text.slice(0, 12),
};
