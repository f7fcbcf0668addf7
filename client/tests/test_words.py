"""All words are in the catalogue, and all of the catalogue is used."""

import re
from pathlib import Path

import pytest

import client
from client.words import ENGLISH, Words

ROOM = Path(client.__file__).parent
TEMPLATES = sorted((ROOM / "templates").glob("*.html"))
SOURCE = "".join(path.read_text() for path in [*TEMPLATES, *ROOM.glob("*.py"), *ROOM.glob("pages/*.py")])


def test_every_sentence_is_used() -> None:
    whole = set(re.findall(r"""['"]([a-z][a-z_.0-9-]*)['"]""", SOURCE))
    begun = set(re.findall(r"""['"]([a-z_]+\.)['"] ~""", SOURCE))
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
    assert re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]*>", " ", text)) == []


@pytest.mark.parametrize("script", ["shop.js", "pay.js"])
def test_no_script_speaks_for_itself(script: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", (ROOM / "static" / script).read_text(), flags=re.DOTALL)
    assert not re.search(r'"[A-Z][a-z]+ [a-z]', text)


def test_what_is_filled_in_is_escaped_once() -> None:
    words = Words({"a": "<b>{x}</b>", "n.one": "1 thing", "n.other": "{count} things"})
    assert words("a", x="<&>") == "<b>&lt;&amp;&gt;</b>"
    assert words("a", x=words("a", x="y")) == "<b><b>y</b></b>"
    assert [words.count("n", count) for count in (0, 1, 1234)] == ["0 things", "1 thing", "1,234 things"]
    with pytest.raises(KeyError):
        words("nothing")
    with pytest.raises(KeyError):
        words("a", y=1)


@pytest.mark.parametrize("word", ["please", "oops", "!", "sorry", "hurry", "only 1 left"])
def test_the_voice(word: str) -> None:
    assert [key for key, sentence in ENGLISH.items() if word in sentence.lower()] == []
