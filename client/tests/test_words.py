"""All words are in the catalogue, and all of the catalogue is used."""

import re
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale

import client
from client.words import DEFAULT, ENGLISH, GERMAN, LANGUAGES, Words

ROOM = Path(client.__file__).parent
TEMPLATES = sorted((ROOM / "templates").glob("*.html"))
SPEAKING = [*TEMPLATES, *ROOM.glob("*.py"), *ROOM.glob("pages/*.py"), ROOM / "words/__init__.py"]
SOURCE = "".join(path.read_text() for path in SPEAKING)


def test_every_sentence_is_used() -> None:
    whole = set(re.findall(r"""['"]([a-z][a-z_.0-9-]*)['"]""", SOURCE))
    begun = set(re.findall(r"""['"]([a-z_]+\.)['"] ~""", SOURCE))
    begun |= set(re.findall(r"""f['"]([a-z_.]+\.)\{""", SOURCE))
    ends = set(re.findall(r"""~ ['"](\.[a-z_0-9]+)['"]""", SOURCE))
    forms = (".one", ".other")

    def used(key: str) -> bool:
        plural = key.removesuffix(".one").removesuffix(".other") if key.endswith(forms) else key
        known = key in whole or plural in whole
        return known or any(key.startswith(one) for one in begun) or any(key.endswith(one) for one in ends)

    assert [key for key in ENGLISH if not used(key)] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_speaks_for_itself(template: Path) -> None:
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", template.read_text(), flags=re.DOTALL)
    assert not re.search(r'(?:alt|title|aria-label|placeholder)="[^"]*[A-Za-z]', text)
    # attributes may stand in a block of their own
    assert re.findall(r"[A-Za-z]{2,}", re.sub(r'<[^>]*>| data-[a-z]+="[^"]*"', " ", text)) == []


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOM / "static").glob("*.js")))
def test_no_script_speaks_for_itself(script: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", (ROOM / "static" / script).read_text(), flags=re.DOTALL)
    assert not re.search(r'"[A-Z][a-z]+ [a-z]', text)


def test_what_is_filled_in_is_escaped_once() -> None:
    catalogue = {"a": "<b>{x}</b>", "n.one": "1 thing", "n.other": "{count} things"}
    words = Words(catalogue, "en", "{:,}".format)
    assert words("a", x="<&>") == "<b>&lt;&amp;&gt;</b>"
    assert words("a", x=words("a", x="y")) == "<b><b>y</b></b>"
    assert [words.count("n", count) for count in (0, 1, 1234)] == ["0 things", "1 thing", "1,234 things"]
    with pytest.raises(KeyError):
        words("nothing")
    with pytest.raises(KeyError):
        words("a", y=1)


VOICE = {
    "en": r"please|oops|!|sorry|hurry|only 1 left",
    # du, and never the polite form; so that this can be seen, no sentence begins with "Sie" for "they" either
    "de": r"\bbitte\b|hoppla|\bups\b|!|leider|beeil|(?-i:\b(Sie|Ihre?[nmrs]?|Ihnen)\b)",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_voice(language: str) -> None:
    spoken = LANGUAGES[language].items()
    assert [key for key, sentence in spoken if re.search(VOICE[language], sentence, re.IGNORECASE)] == []


def fields(sentence: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(sentence) if name is not None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language: str) -> None:
    said, meant = LANGUAGES[language], LANGUAGES[DEFAULT]
    forms = {f".{form}" for form in Locale.parse(language).plural_form.tags | {"other"}}

    def plural(key: str) -> bool:
        return f"{key.removesuffix('.one').removesuffix('.other')}.other" in meant and key.endswith((".one", ".other"))

    expected = {key for key in meant if not plural(key)}
    expected |= {key.removesuffix(".other") + form for key in meant if key.endswith(".other") for form in forms}
    assert sorted(expected - set(said)) == [], "not translated"
    assert sorted(set(said) - expected) == [], "nobody says this any more"
    # "1 ticket" may spell its number out
    different = [key for key in meant if key in said and fields(said[key]) != fields(meant[key])]
    assert different == [], "other values are filled in"


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_set_properly(language: str) -> None:
    """No straight quotation marks, no blanks that nobody sees; what ends with a full stop does so in every language."""
    for key, sentence in LANGUAGES[language].items():
        assert not re.search(r"\"|\B'|'\B|  |^ | \.|--", sentence), key
        assert sentence.endswith(".") == ENGLISH[key].endswith("."), key


def test_german_is_german() -> None:
    same = {key for key, sentence in GERMAN.items() if sentence == ENGLISH[key] and re.search("[a-z]{4}", sentence)}
    assert same == {"shop", "nav.tickets", "listing.title"}
