"""The page about a model: everything in it is a fact of its files or was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from daemon.inference.chat.loading import RETRIEVAL
from daemon.inference.chat.serving.model_files import Card
from daemon.inference.chat.training.evaluation import ROWS, Figures
from daemon.inference.chat.training.held_out_talk import Spoken
from daemon.inference.chat.training.perplexity import spread

#: Rows of the table of the training.
COURSE: Final = 20
#: Replies shown in each language.
SHOWN: Final = 20
_LANGUAGES: Final = {"en": "English", "zh": "Chinese"}


class File(NamedTuple):
    """A packaged model. size: bytes of the file; sha256: of it; parts: bytes of each file in it."""

    card: Card
    size: int
    sha256: str
    parts: Mapping[str, int]
    log: bytes


class Measured(NamedTuple):
    """Figures by language of the network in fp32 and in eight bits, and the answers of the whole system."""

    network: Mapping[str, Figures]
    served: Mapping[str, Figures]
    answers: Sequence[Spoken]


def model_card(file: File, measured: Measured, command: str) -> str:
    """Return the page, in Markdown. command: the one that writes it."""
    facts = file.card.training
    sections = [
        f"# Model card: {cell(file.card.name)}",
        f"Written by `{command}`; nothing here is edited by hand.",
        "## The model",
        _model(file),
        "## What it is for",
        _PURPOSE,
        "## How it was trained",
        _training(facts),
        "## What it learned from",
        _sources(facts),
        "## The index of replies",
        _index(file),
        "## The course of the training",
        _course(file.log),
        "## Doing it again",
        _AGAIN,
        "## Figures on held-out dialogues",
        _figures(measured),
        "## Who speaks",
        _speakers(measured.answers),
        "## Replies, not selected",
        _replies(measured.answers),
    ]
    return "\n\n".join(sections) + "\n"


_PURPOSE: Final = """\
Small talk in English and Chinese beside rules, films and phrases that people wrote ([chat.md](chat.md)). It is a small
network that learned from strangers' small talk: it knows no facts, may contradict itself, and may claim what only
people can, such as having eaten. Nothing that it says is to be relied upon. What it says goes through the same checks
as what people say (`safety.toml`); they find much, not everything. Corpora of dialogues hold the views and the blind
spots of those who wrote them: here mostly students in the United States, text of another language model, and users of
Chinese social media before 2020."""


_AGAIN: Final = """\
Recipe, seed, corpora and code tell everything; on the same kind of processor, with the same packages, every figure
comes out the same. On another, sums are rounded in another order: the courses part slowly. Five hundred steps take
minutes, and the last command tells how far they came apart (CORPORA: the folder of the corpora that are no packages):

```sh
zhiban chat train --recipe shipped --corpora CORPORA --into again --steps 500
zhiban chat curve daemon/inference/chat/model.zip again
```

Without `--steps` the training goes on to its end; `zhiban chat package --from again --into again.zip --corpora CORPORA`
makes a model of it, and `zhiban chat evaluate again again.zip` measures both."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, text: bool = False) -> str:
    """Return a table. text: its columns are texts; otherwise all but the first are figures, to the right."""
    lines = ["| " + " | ".join(head) + " |", "|---" + ("|---" if text else "|---:") * (len(head) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(map(cell, row)) + " |" for row in rows)])


def cell(value: object) -> str:
    """Return a value as text of a table: nothing in it is markup."""
    text = f"{value:.3f}" if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)
    text = " ".join(text.split()).replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;")
    for mark in "|*_`[]~#":
        text = text.replace(mark, f"\\{mark}")
    return text


def _model(file: File) -> str:
    card, facts = file.card, file.card.training
    shape = msgspec.structs.asdict(card.shape)
    rows: list[tuple[str, object]] = [
        ("languages", ", ".join(_LANGUAGES[one] for one in card.languages)),
        ("licence", card.licence),
        ("network", ", ".join(f"{name} {value}" for name, value in shape.items())),
        ("parameters", facts["parameters"]),
        ("precision as served", card.precision),
        ("file", f"{file.size:,} bytes, SHA-256 {file.sha256}"),
        *((f"... {name}", f"{size:,} bytes") for name, size in file.parts.items()),
    ]
    return table(("", "fact"), rows, text=True)


def _training(facts: Mapping[str, Any]) -> str:
    recipe = facts["recipe"]
    rows: list[tuple[str, object]] = [
        ("recipe", f"{recipe['name']}, SHA-256 {facts['recipe_sha256']}"),
        ("seed", str(facts["seed"])),
        ("data, SHA-256 of learned and held-out tokens, pieces", facts["data_sha256"]),
        ("steps, whole epochs, tokens", f"{facts['steps']:,}, {facts['epochs']}, {facts['tokens']:,}"),
        ("hours on the clock", f"{facts['seconds'] / 3600:.1f}"),
        ("step of these weights", facts["step"]),
        ("bits per token there, on what was held out", float(facts["bits_per_token"])),
        ("weights, SHA-256", facts["weights_sha256"]),
        ("packaged with", ", ".join(f"{name} {version}" for name, version in facts["versions"].items())),
    ]
    how = {key: recipe[key] for key in ("batches", "optimisation", "course", "cleaning", "balance")}
    rows += [(key, ", ".join(f"{name} {value}" for name, value in part.items())) for key, part in how.items()]
    return table(("", "fact"), rows, text=True)


def _sources(facts: Mapping[str, Any]) -> str:
    kept = facts["index"]["by_corpus"]
    rows = [
        (
            source["name"], source["licence"] or "your own", facts["learned"].get(source["name"], 0),
            facts["held_out"].get(source["name"], 0), kept.get(source["name"], 0),
        )
        for source in facts["sources"]
    ]  # fmt: skip
    where = [
        f"- {cell(one['name'])}: {one['source']}{', commit ' + one['commit'] if one['commit'] else ''}, "
        f"SHA-256 of its files {one['sha256']}"
        for one in facts["sources"]
    ]
    counts = ", ".join(f"{count:,} {reason}" for reason, count in facts["cleaning"].items() if count)
    named = table(("corpus", "licence", "pairs learned", "held out", "in the index"), rows)
    return "\n\n".join([named, "\n".join(where), f"Cleaning, and what was left out: {counts}."])


def _index(file: File) -> str:
    index = file.card.training["index"]
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in index["left_out"].items() if count)
    return (
        f"{index['pairs']:,} of the pairs that were learned are looked up, in {file.parts[RETRIEVAL]:,} bytes; "
        f"of those that were held out none. Left out: {left_out or 'none'}."
    )


def _course(log: bytes) -> str:
    lines = [msgspec.json.decode(line, type=dict[str, float | bool]) for line in log.splitlines()]
    measured = {int(line["step"]): line for line in lines if "held_out_bits_per_token" in line}
    told = {int(line["step"]): line for line in lines if "bits_per_token" in line}
    evaluations = [list(measured)[place] for place in spread(len(measured), COURSE // 2)]
    others = [list(told)[place] for place in spread(len(told), max(1, COURSE - len(evaluations)))]
    rows = [
        (
            step, *((int(told[step]["tokens"]), told[step]["bits_per_token"]) if step in told else ("", "")),
            measured[step]["held_out_bits_per_token"] if step in measured else "",
            f"{told[step]['rate']:.6f}" if step in told else "",
            f"{told[step]['seconds'] / 3600:.2f}" if step in told else "",
        )
        for step in sorted({*evaluations, *others})
    ]  # fmt: skip
    head = ("step", "tokens", "bits per token, of a batch", "held out", "learning rate", "hours")
    ends = f"The whole log has {len(lines):,} lines: `training-log.jsonl` in the model's file."
    return table(head, rows) + "\n\n" + ends


def _figures(measured: Measured) -> str:
    parts = []
    for language, network in measured.network.items():
        served = measured.served[language]
        rows = [
            (told, getattr(network, field), getattr(served, field), getattr(network, human) if human else "")
            for told, field, human in ROWS
        ]
        loss = served.bits_per_character - network.bits_per_character
        told = (
            f"Eight bits cost {loss:+.4f} bits per character. Another pair's source costs {network.gain:+.3f} bits per "
            "token: so much is what was said before worth to the network."
        )
        head = ("", "network in fp32", "in eight bits, as served", "people")
        parts += [f"### {_LANGUAGES[language]}", table(head, rows), told]
    return "\n\n".join(parts)


def _speakers(answers: Sequence[Spoken]) -> str:
    sources = list(dict.fromkeys(("generator", "retrieval", *(answer.source for answer in answers))))
    rows = []
    for language, name in _LANGUAGES.items():
        own = Counter(answer.source for answer in answers if answer.language == language)
        if own:
            rows.append((name, own.total(), *(f"{own[source] / own.total():.1%}" for source in sources)))
    told = (
        "Who answered the last turn of a held-out pair, the whole system asked as people ask it, with the scales and "
        "the threshold of `dialogue/choice.toml`. Pairs were taken by a hash of their words."
    )
    return told + "\n\n" + table(("", "turns", *sources), rows)


def _replies(answers: Sequence[Spoken]) -> str:
    parts = ["The first held-out pairs by a hash of their words, whatever came out."]
    for language, name in _LANGUAGES.items():
        own = [answer for answer in answers if answer.language == language][:SHOWN]
        if own:
            rows = [(" / ".join(one.said), one.reply, one.source, one.network) for one in own]
            head = ("said, oldest turn first", "reply", "by", "the network alone")
            parts += [f"### {name}", table(head, rows, text=True)]
    return "\n\n".join(parts)
