"""How a vocabulary is trained."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from daemon.errors import InvalidInput
from daemon.inference.chat.tokenizer import BOS, EOS, PAD, SPECIAL, UNK, prepared

#: Pieces that every vocabulary has: the special ones and one for each byte.
FEWEST: Final = len(SPECIAL) + 256
MOST: Final = 1 << 16
#: Share of the characters of the text that get pieces; the rarest, mostly rare names, are spelled in bytes.
COVERAGE: Final = 0.9999
_LONGEST: Final = 16_384  # bytes of a line, more than any prepared text has; longer ones sentencepiece would skip


def train_vocabulary(
    lines: Iterable[str], size: int, *, seed: int = 1, kind: Literal["bpe", "unigram"] = "unigram"
) -> bytes:
    """Return a vocabulary of at most `size` pieces, fewer where the lines have no more in them; for Tokenizer.

    The same lines, size, seed and kind give the same bytes. Unigram: Kudo 2018, section 3.2; BPE: Sennrich et al. 2016.
    Raises InvalidInput for a size out of range or lines without text.
    """
    from sentencepiece import SentencePieceTrainer, set_random_generator_seed  # noqa: PLC0415 of the extra chat

    if not FEWEST < size <= MOST:
        raise InvalidInput(f"vocabulary size {size}: expected {FEWEST + 1} to {MOST}")
    model = io.BytesIO()
    set_random_generator_seed(seed)
    try:
        SentencePieceTrainer.train(
            sentence_iterator=_texts(lines),
            model_writer=model,
            model_type=kind,
            vocab_size=size,
            hard_vocab_limit=False,
            character_coverage=COVERAGE,
            byte_fallback=True,
            split_digits=True,
            normalization_rule_name="identity",  # prepared() did it
            remove_extra_whitespaces=False,
            max_sentence_length=_LONGEST,
            num_threads=1,  # sums in one order, so that the bytes are the same each time
            pad_id=PAD,
            bos_id=BOS,
            eos_id=EOS,
            unk_id=UNK,
            pad_piece=SPECIAL[PAD],
            bos_piece=SPECIAL[BOS],
            eos_piece=SPECIAL[EOS],
            unk_piece=SPECIAL[UNK],
            minloglevel=2,
        )
    except RuntimeError as exc:
        raise InvalidInput(f"vocabulary size {size}: too few pieces for the characters of these lines") from exc
    return model.getvalue()


def _texts(lines: Iterable[str]) -> Iterator[str]:
    empty = True
    for line in lines:
        if text := prepared(line):
            empty = False
            yield text
    if empty:
        raise InvalidInput("a vocabulary is made of lines of text; there are none")
