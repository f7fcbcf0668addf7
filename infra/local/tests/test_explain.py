from pathlib import Path

import pytest

from infra.local.explain import explain


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file",
            "lacks the library libcurl.so.4; on Debian and Ubuntu: sudo apt-get install libcurl4.",
        ),
        ("ModuleNotFoundError: No module named 'arq'", "the Python module arq is missing; run `make setup`."),
        ("OSError: [Errno 98] error while attempting to bind: address already in use", "taken by another program"),
        ("Traceback ...\n  File\nValueError: MONGO_URL has to be set\n\n", "«ValueError: MONGO_URL has to be set»"),
        (
            (
                '{"message": "Traceback (most recent call last):\\n  File x\\nValueError: the reason\\n"}\n'
                '{"message": "Application startup failed. Exiting."}\n'
            ),
            "«ValueError: the reason»",
        ),
        ('{"message": "listener failed", "exception": "Traceback\\nKeyError: 7"}', "«KeyError: 7»"),
        ('["not", "a", "record"]', "not"),
        ("", "said nothing"),
    ],
    ids=["library", "module", "port", "last words", "startup", "exception", "odd", "nothing"],
)
def test_last_words_become_a_remedy(tmp_path: Path, words: str, sentence: str) -> None:
    log = tmp_path / "part.log"
    log.write_text("an older line\n" * 1000 + words if words else "")
    assert sentence in explain(log)


def test_a_part_that_never_spoke(tmp_path: Path) -> None:
    assert "said nothing" in explain(tmp_path / "none.log")
