"""A random Marian of as many parameters as our network, run by transformers and by CTranslate2 in int8.

Another architecture: CTranslate2 runs no recurrent networks. Three layers a side, d 256, as the study of peers had it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import ctranslate2
import torch
from ctranslate2.converters.transformers import MarianMTLoader
from transformers import MarianConfig, MarianMTModel

from tests.benchmarks.chat_network import BEAM, LISTED, SEED, STEPS, VOCABULARY

_END: Final = 2
_TOKENS: Final = [f"w{number}" for number in range(VOCABULARY)]
_TOKENS[1], _TOKENS[_END] = "<unk>", "</s>"


def marian() -> Any:
    """Return the model; CTranslate2 drops the last token, which is padding."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    config = MarianConfig(
        vocab_size=VOCABULARY + 1, d_model=256, encoder_layers=3, decoder_layers=3, encoder_ffn_dim=1152,
        decoder_ffn_dim=1152, encoder_attention_heads=4, decoder_attention_heads=4, max_position_embeddings=128,
        pad_token_id=VOCABULARY, decoder_start_token_id=VOCABULARY, bos_token_id=1, eos_token_id=_END,
        forced_eos_token_id=None, scale_embedding=True,
    )  # fmt: skip
    return MarianMTModel(config).eval()


def parameters(model: Any) -> int:
    """Return how many numbers it has learned."""
    return sum(weight.numel() for weight in model.parameters())


class InTransformers:
    """transformers' generate, fp32."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def reply(self, sources: Sequence[Sequence[int]]) -> None:
        """Search replies of exactly STEPS tokens."""
        with torch.inference_mode():
            found = self._model.generate(
                torch.tensor(sources), num_beams=BEAM, min_new_tokens=STEPS, max_new_tokens=STEPS, do_sample=False
            )
        assert found.shape == (len(sources), STEPS + 1)


class InCTranslate2:
    """CTranslate2 in int8 with one thread. listed: only LISTED may be said, by its map of the vocabulary."""

    def __init__(self, model: Any) -> None:
        spec = MarianMTLoader().get_model_spec(model)
        spec.register_source_vocabulary(_TOKENS)
        spec.register_target_vocabulary(_TOKENS)
        spec.config.eos_token, spec.config.unk_token = "</s>", "<unk>"
        spec.config.decoder_start_token = "</s>"  # it begins with zeros, whatever this is
        spec.validate()
        spec.optimize(quantization="int8")
        with tempfile.TemporaryDirectory() as folder:
            spec.save(folder)
            (Path(folder) / "vmap.txt").write_text("\t" + " ".join(_TOKENS[token] for token in LISTED) + "\n")
            self._translator = ctranslate2.Translator(
                folder, device="cpu", compute_type="int8", intra_threads=1, inter_threads=1
            )

    def reply(self, sources: Sequence[Sequence[int]], *, listed: bool = False) -> None:
        """Search replies of exactly STEPS tokens."""
        found = self._translator.translate_batch(
            [[_TOKENS[token] for token in source] for source in sources],
            beam_size=BEAM, min_decoding_length=STEPS, max_decoding_length=STEPS, use_vmap=listed,
        )  # fmt: skip
        assert all(len(one.hypotheses[0]) == STEPS for one in found)
        if listed:
            words = {_TOKENS[token] for token in LISTED} | {"<unk>", "</s>"}
            assert all(words.issuperset(one.hypotheses[0]) for one in found)
