"""What the dispatcher itself says, when no command and no chat does."""

from __future__ import annotations

from typing import Final, Literal

from daemon.products.phrases import Language

Phrase = Literal["failed", "interrupted", "limited", "room_limited", "no_chat", "too_long", "came_back"]

_PHRASES: Final[dict[Language, dict[Phrase, str]]] = {
    "en": {
        "failed": "Sorry, that went wrong. It is in the log as {id}.",
        "interrupted": "I was interrupted over your message, please repeat it. Check whether it was done all the same.",
        "limited": "That was a lot at once. I answer you again in a minute; until then I leave out what you send.",
        "room_limited": "That was a lot at once. I answer here again in a minute; until then I leave out what is sent.",
        "no_chat": "That is no command, and chat is not set up. Say help for what I can do.",
        "too_long": "That is too long for me: I read up to {most} characters.",
        "came_back": "I stopped without warning, and am back since {time}. What you said to me before and I left "
        "unanswered, please say again.",
    },
    "zh": {
        "failed": "抱歉，出错了。日志里的编号是 {id}。",
        "interrupted": "处理您的消息时被中断了，请再说一遍。之前那条是否已生效，请自行确认。",
        "limited": "消息太多了。一分钟后再回答您，这期间发来的不会处理。",
        "room_limited": "消息太多了。一分钟后再回答本群，这期间发来的不会处理。",
        "no_chat": "这不是命令，聊天功能也还没有设置。发“帮助”可以看我会做什么。",
        "too_long": "太长了，我最多读 {most} 个字。",
        "came_back": "我刚才意外中断，{time} 已恢复。之前发给我却没有得到回复的消息，请再发一次。",
    },
}


def phrase(language: Language, key: Phrase, **values: object) -> str:
    """Return a phrase in a language."""
    return _PHRASES[language][key].format(**values)
