"""What held-out replies cost a network, one by one."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch

from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.training.batches import EncodedPairs, Places, in_order

_TOKENS: Final = 2048  # of a batch


def bits_of(model: Seq2Seq, pairs: EncodedPairs, sources: Places | None = None, attended: Places | None = None) -> Any:
    """Return the bits of each reply, its end symbol counted, [N] float64, without dropout and in fp32.

    sources: the pair whose source each reply gets instead of its own. attended: the pair whose source it attends to,
    where that is to be another than the one by which the decoder begins.
    """
    found = np.zeros(len(pairs))
    model.eval()
    attended = sources if attended is None else attended
    for which in in_order(pairs, _TOKENS, np.arange(len(pairs))):
        source, lengths, target, target_lengths = pairs.batch(which, None if sources is None else sources[which])
        with torch.inference_mode():
            begun = model.start(source, lengths)
            if attended is not sources and attended is not None:
                memory = model.start(*pairs.batch(which, attended[which])[:2]).source.memory
                begun = begun._replace(source=begun.source._replace(memory=memory))
            readouts, _ = model.decoder(model.embeddings(target[:, :-1]), *begun)
            told = torch.arange(readouts.shape[1]) < (target_lengths - 1).unsqueeze(1)
            logits = model.softmax(readouts[told], model.embeddings.weight)
            nats = torch.zeros(told.shape)
            nats[told] = torch.nn.functional.cross_entropy(logits, target[:, 1:][told], reduction="none")
            found[which] = nats.sum(dim=1).double().numpy() / np.log(2)
    return found


def others(count: int, seed: int) -> Places:
    """Return another place for each, all in one circle."""
    order = np.random.default_rng(seed).permutation(count)
    places = np.empty(count, dtype=np.int64)
    places[order] = np.roll(order, 1)
    return places
