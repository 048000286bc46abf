"""Kinds of sentences that are told apart by their grammar, each by a pair or more that differ in little else."""

import pytest

from daemon.inference.chat.intent.detector import detect


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("the head word", {"what is your favourite movie?": "recommend", "what is your favourite movie actor?": "not"}),
        ("the head word in Chinese", {"你最喜欢的电影是什么": "recommend", "你最喜欢的电影配乐是什么": "not"}),
        ("choices", {"comedy or horror tonight?": "recommend", "tea or coffee tonight?": "not"}),
        ("choices in Chinese", {"看恐怖片还是科幻片呢": "recommend", "吃火锅还是烧烤": "not"}),
        ("titles in small letters", {"something like whiplash": "recommend", "something like this mug": "not"}),
        (
            "what is left out in Chinese",
            {"想看科幻的": "recommend", "想看点轻松的": "unsure", "想吃点清淡的": "not"},
        ),
        ("what counts films in Chinese", {"国庆档看哪部好": "recommend", "国庆档买哪部手机好": "not"}),
        (
            "past years and past days",
            {"what were the best movies of last year?": "recommend", "I saw a movie last week": "not"},
        ),
        ("past years and past days in Chinese", {"去年有什么好电影": "recommend", "去年看了场电影": "not"}),
        (
            "films that are liked, and films in other talk",
            {"I love movies": "unsure", "I learned English from movies": "not"},
        ),
        (
            "films that are named, and films that are described",
            {"movies": "unsure", "movies with subtitles in Spanish please": "recommend"},
        ),
        (
            "opinions of nothing named, and of something else",
            {
                "any thoughts?": "unsure",
                "what's your opinion on pineapple pizza?": "not",
                "what are your thoughts on horror movies?": "recommend",
            },
        ),
        ("exclamations and questions", {"great movie!": "not", "great movies?": "recommend"}),
        ("similes", {"my life is like a bad movie": "not", "a movie like my life please": "recommend"}),
        ("kinds that are disliked", {"I hate musicals": "not", "I hate musicals, recommend a thriller": "recommend"}),
        (
            "reported speech",
            {"he asked which film I liked": "not", "he said it was good, which film do you like?": "recommend"},
        ),
        (
            "makers of films and company",
            {
                "I want to watch something with Meryl Streep": "recommend",
                "I want to watch something with Ann": "unsure",
            },
        ),
        ("urgent wishes", {"a funny movie, quick!!": "recommend", "a funny movie": "unsure"}),
        ("pieces of a wish in Chinese", {"恐怖片 不要太血腥": "recommend", "恐怖片": "unsure"}),
        ("wishes in another clause", {"I love zombie films. got any?": "recommend", "got any?": "not"}),
        ("venues", {"what's good at the cinema this week?": "recommend", "what time does the cinema open?": "not"}),
        (
            "what is had already",
            {"we already picked a movie, thanks": "not", "we haven't picked a movie, suggestions?": "recommend"},
        ),
        (
            "mixed languages",
            {"推荐个movie吧": "recommend", "有没有like Inception的电影": "recommend", "推荐个app吧": "not"},
        ),
        ("spellings", {"reccomend me sumthin scary movie wise": "recommend", "wat moive is gud": "recommend"}),
        (
            "films by what is in them",
            {
                "films set almost entirely on a boat?": "recommend",
                "the film set was on a boat": "not",
                "might there be a film about whaling that you think highly of?": "recommend",
                "do you guys know of a film where nobody dies?": "recommend",
            },
        ),
        (
            "where to begin",
            {
                "Hitchcock: where should one start?": "recommend",
                "I'd like to get into westerns. Which one first?": "recommend",
                "accounting: where should one start?": "not",
            },
        ),
        (
            "wishes of others",
            {
                "Nan fancies a musical. What have you got?": "recommend",
                "my son keeps asking for Charlie Chaplin": "recommend",
                "my son keeps asking for a bicycle": "not",
            },
        ),
        (
            "opinions that were formed once, and films that were seen once",
            {
                "what did you reckon was the best horror of last year?": "recommend",
                "which film did you find the most moving?": "recommend",
                "the best horror of last year was on yesterday": "not",
            },
        ),
        (
            "what was seen, and what is wanted next",
            {
                "saw Dune last night and want something like it": "recommend",
                "we saw Dune last night and want our money back": "not",
                "anything by the director of Dune that I should see?": "recommend",
            },
        ),
        (
            "favourites that are named, and kinds that are",
            {
                "my favourite film is Casablanca": "not",
                "my favourite films are comedies": "unsure",
                "my favourite film is Casablanca, got anything similar?": "recommend",
            },
        ),
        (
            "favourites that are named in Chinese",
            {"我最喜欢的片子是《功夫》": "not", "我最喜欢的片子是喜剧片": "unsure"},
        ),
        (
            "things that are recommended in Chinese",
            {
                "周末有什么推荐的活动吗": "not",
                "有什么推荐的餐厅": "not",
                "有什么推荐的电影吗": "recommend",
                "有什么推荐的": "unsure",
            },
        ),
        (
            "seen and described in Chinese",
            {
                "看了会哭的电影有没有": "recommend",
                "昨天看了会哭的电影": "not",
                "像《功夫》这样好笑的片子还有吗": "recommend",
            },
        ),
        ("prices and plans in Chinese", {"看电影太贵了": "not", "电影之夜延期了": "not", "去看电影": "unsure"}),
        (
            "anybody who is asked",
            {"slow-burn horror, anyone?": "recommend", "films, anyone?": "unsure", "coffee, anyone?": "not"},
        ),
        (
            "things for films",
            {
                "which popcorn maker do you recommend for movie nights": "not",
                "which classics do you recommend for movie nights": "recommend",
            },
        ),
        (
            "adverbs inside a wish",
            {
                "I would absolutely love a western": "recommend",
                "I could really use a good cry": "unsure",
                "I could really use a new sofa": "not",
            },
        ),
        (
            "what is next",
            {
                "We're doing a Scorsese season. What comes first?": "recommend",
                "The film was cancelled. What now?": "not",
                "The pipe broke. What next?": "not",
            },
        ),
        (
            "where and who behind a film",
            {
                "find me a movie where the hero is old": "recommend",
                "where was the movie about the old hero shot?": "not",
            },
        ),
        (
            "films that are used",
            {
                "what lens is good for shooting short films": "not",
                "what films are good for learning French": "recommend",
                "do you sell film for this camera?": "not",
            },
        ),
        (
            "help that is cried for in Chinese",
            {"女朋友说想看爱情片,怎么办": "recommend", "女朋友说想看爱情片": "not", "电脑坏了,怎么办": "not"},
        ),
        (
            "what somebody did before asking",
            {
                "just saw Inception, what should I watch next?": "recommend",
                "I finished my homework. What should I watch?": "unsure",
                "I broke my leg last week. Any suggestions?": "unsure",
            },
        ),
        ("Cantonese", {"有冇好睇嘅電影介紹": "recommend", "有冇好食嘅介紹": "not"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sentences_of_a_kind_are_told_apart(kind: str, told: dict[str, str]) -> None:
    assert {text: detect(text).label for text in told} == told, kind
