"""Whoever gets a model learns whom its corpora are by."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.inference.chat.training.attribution import OWN, licence_of, notices_of
from daemon.inference.chat.training.corpora import Corpus, corpus_named, known

pytest.importorskip("torch")

from daemon.inference.chat.training.preparation import Source, _source

SHIPPED = [corpus for corpus in known().values() if corpus.redistributable]


@pytest.mark.parametrize("corpus", SHIPPED, ids=lambda corpus: corpus.name)
def test_each_corpus_that_may_be_passed_on_is_attributed_with_its_licence(corpus: Corpus) -> None:
    text = " ".join(notices_of([_source(corpus)]).split())
    for fact in ("authors:", corpus.source, corpus.licence, corpus.sha256, corpus.commit or corpus.version):
        assert fact in text
    if corpus.licence in {"MIT", "BSD-3-Clause"}:
        assert "copyright: Copyright (c)" in text
        assert "WITHOUT WARRANTY" in text or "DISCLAIMED" in text


def test_the_text_of_a_licence_stands_once() -> None:
    text = notices_of([_source(corpus) for corpus in SHIPPED])
    assert text.count("Permission is hereby granted") == 1
    assert text.count("TERMS AND CONDITIONS FOR USE, REPRODUCTION") == 1
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in text
    assert licence_of([_source(corpus) for corpus in SHIPPED]).split(" AND ") == [
        "MIT", "BSD-3-Clause", "Apache-2.0", "CC-BY-4.0"
    ]  # fmt: skip


def test_a_corpus_of_ones_own_is_said_to_be_that(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("a\nb\n")
    own: Source = _source(corpus_named(str(tmp_path / "own.txt")))
    assert licence_of([own]) == OWN
    assert "a corpus of one's own" in notices_of([own])
