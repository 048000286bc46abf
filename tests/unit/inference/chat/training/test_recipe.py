"""Recipes: what they may say, and what those of the package do."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.errors import InvalidInput, NotFound, UnreadableFile
from daemon.inference.chat.training.corpora import known

pytest.importorskip("torch")

from daemon.inference.chat.training.preparation import checked
from daemon.inference.chat.training.recipe import Recipe, read_recipe, recipe_names, with_corpora


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('name = "x"\nseeds = 3', "seeds"),
        ("name = 7", r"\$\.name"),
        ("", "name"),
        ('name = "x"\n[optimisation]\nlearning_rate = 0', "optimisation.learning_rate"),
        ('name = "x"\n[optimisation]\nclip = nan', "optimisation.clip"),
        ('name = "x"\n[optimisation]\ndecay = "cliff"', "cliff"),
        ('name = "x"\n[course]\nepochs = 0', "course.epochs"),
        ('name = "x"\n[cleaning]\nheld_out = 1.5', "cleaning.held_out"),
        ('name = "x"\n[shape]\nhidden = 0', "hidden"),
        ('name = "x"\n[shape]\nwidth = 3', "width"),
        ('name = "x"\n[[corpora]]\nname = "chitchat"\nrepeat = 0', r"corpora\[0\]\.repeat"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_by_its_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=told) as caught:
        read_recipe(str(path))
    assert "own.toml" in str(caught.value)


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"[[["])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"own\.toml"):
        read_recipe(str(path))


def test_a_recipe_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(NotFound, match="shipped"):
        read_recipe("shiped")


def test_what_ships_is_learned_from_what_may_be_passed_on_alone() -> None:
    recipe = read_recipe("shipped")
    assert recipe.corpora
    for ingredient in recipe.corpora:
        corpus = checked(ingredient)
        assert corpus.redistributable
        assert ingredient.sha256 == corpus.sha256
        assert corpus.licence in {"MIT", "BSD-3-Clause", "Apache-2.0", "CC-BY-4.0"}
    assert {known()[one.name].language for one in recipe.corpora} == {"en", "zh"}


def test_what_ships_is_small_enough() -> None:
    recipe = read_recipe("shipped")
    assert (
        recipe.shape_of(recipe.vocabulary).parameters() < 8_500_000
    )  # bytes of an int8 graph; 16 MB hold retrieval too


def test_all_recipes_of_the_package_are_good() -> None:
    assert {read_recipe(name).name for name in recipe_names()} == set(recipe_names())


def test_another_content_than_the_recipe_means_is_refused() -> None:
    recipe = read_recipe("shipped")
    changed = type(recipe.corpora[0])(name="kdconv", sha256="0" * 64)
    with pytest.raises(UnreadableFile, match="recipe means"):
        checked(changed)


def test_a_hash_tells_recipes_apart() -> None:
    assert Recipe(name="a").sha256 == Recipe(name="a").sha256
    assert Recipe(name="a").sha256 != Recipe(name="a", seed=2).sha256


def test_other_corpora_may_be_learned_by_the_same_recipe(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("a\tb\n")
    changed = with_corpora(read_recipe("small"), [str(tmp_path / "own.txt"), "chitchat"])
    assert [one.name for one in changed.corpora] == [str(tmp_path / "own.txt"), "chitchat"]
