"""What is handed over and when, written out a step at a time."""

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `train`)")

import torch

from daemon.inference.chat.network.handings import Attending
from tests.unit.inference.chat.network.small import BEGIN, network, rows

TARGET = torch.tensor([[BEGIN, 5, 6], [BEGIN, 7, 8]])


def test_bahdanau_asks_with_the_top_layers_state_before_and_reads_the_answer() -> None:
    model = network(handing="bahdanau", decoder_layers=2, encoder_layers=2)
    handing, layers = model.decoder.handing, model.decoder.layers
    assert isinstance(handing, Attending)
    source, state = model.start(*rows([[3, 4, 5], [6]]))
    embedded = model.embeddings(TARGET)
    features, _ = handing(layers, embedded, source, state)
    for step in range(3):
        attended = handing.attend(state.hidden[1].unsqueeze(1), source)
        token = embedded[:, step : step + 1]
        output, state = layers.read(torch.cat([token, attended], dim=-1), state)
        torch.testing.assert_close(features[:, step : step + 1], torch.cat([output, attended, token], dim=-1))


def test_luong_asks_with_the_state_after_and_gives_the_answer_to_the_projection() -> None:
    model = network(handing="luong", decoder_layers=2)
    handing, layers = model.decoder.handing, model.decoder.layers
    assert isinstance(handing, Attending)
    source, state = model.start(*rows([[3, 4, 5], [6]]))
    embedded = model.embeddings(TARGET)
    outputs, _ = layers.read(embedded, state)

    features, _ = handing(layers, embedded, source, state)

    torch.testing.assert_close(features, torch.cat([handing.attend(outputs, source), outputs], dim=-1))


def test_c_goes_to_the_layers_and_to_the_projection_at_every_step() -> None:
    model = network(handing="every_step")
    source, state = model.start(*rows([[3, 4, 5], [6]]))
    embedded = model.embeddings(TARGET)
    vector = source.vector.unsqueeze(1).expand(2, 3, 12)
    outputs, _ = model.decoder.layers.read(torch.cat([embedded, vector], dim=-1), state)

    features, _ = model.decoder.handing(model.decoder.layers, embedded, source, state)

    torch.testing.assert_close(features, torch.cat([outputs, vector, embedded], dim=-1))


def test_a_source_read_without_attention_is_refused_by_a_decoder_that_attends() -> None:
    plain, attending = network(handing="first_state"), network(handing="luong")
    state = plain.start(*rows([[3]]))

    with pytest.raises(TypeError, match="without attention"):
        attending.step(state, torch.tensor([0]), torch.tensor([BEGIN]))
