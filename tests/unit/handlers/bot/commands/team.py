"""A team in its group: a house with a bot's memory, people of every role, and a stranger."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from daemon.config import BotSection, ChannelSection, Config
from daemon.forum.principals import Principal, Role
from daemon.forum.rooms import Quote, SentNotice
from daemon.handlers.bot.asking import Answer, Asked
from daemon.handlers.bot.commands.answering import commands
from daemon.products.handles import HandleIndex
from daemon.products.incidents import ALIVE, Incident
from daemon.products.passes import PassKind
from daemon.products.rulebook import Rulebook
from daemon.services.passes import run_pass
from tests.house import House, house, product

ROOM = "room@chatroom"
VIEWER, OPERATOR, ADMIN, STRANGER, OTHER = "wx-viewer", "wx-operator", "wx-admin", "wx-stranger", "wx-other"
NAMES = {VIEWER: "Vera", OPERATOR: "Olga", ADMIN: "Ada", OTHER: "Otto"}
_ROLES = {VIEWER: Role.VIEWER, OPERATOR: Role.OPERATOR, ADMIN: Role.ADMIN, OTHER: Role.OPERATOR}


@dataclass(slots=True)
class Team:
    house: House
    answer: Answer
    people: dict[str, Principal]

    async def ask(
        self, text: str, who: str = OPERATOR, room: str = ROOM, quote: Quote | None = None, name: str = "somebody"
    ) -> str | None:
        """Return what the bot answers, None when the text is no command."""
        asked = Asked(
            text=text,
            room_id=room,
            contact_id=who,
            contact_name=name,
            principal=self.people.get(who),
            quote=quote,
            at=self.house.clock.now(),
        )
        reply = await self.answer(self.house.duty, asked)
        return None if reply is None else reply.text

    async def say(
        self, text: str, who: str = OPERATOR, room: str = ROOM, quote: Quote | None = None, name: str = "somebody"
    ) -> str:
        """Return what the bot answers to a command."""
        answer = await self.ask(text, who, room, quote, name)
        assert answer is not None, f"{text!r} is no command"
        return answer

    async def shop(self, *products: object) -> None:
        """Put products into the catalogue and check them all."""
        await self.house.shelve(*products)  # type: ignore[arg-type]
        await run_pass(self.house.duty, PassKind.FULL)

    async def incident(self, product_id: str) -> Incident:
        """Return the latest incident of a product."""
        latest = await self.house.stores.incidents.latest([product_id])
        return latest[product_id][0]

    async def handle(self, product_id: str) -> str:
        incident = await self.incident(product_id)
        return HandleIndex([incident.id]).handle(incident.id)

    async def alive(self) -> int:
        counts = await self.house.stores.incidents.counts()
        return sum(counts[state] for state in ALIVE)

    async def notice(
        self, message_id: str, *product_ids: str, text: str = "", room: str = ROOM, whole: str = ""
    ) -> SentNotice:
        """Remember a notice about the incidents of products. whole: the id of the notice that it is a part of."""
        notice = SentNotice(
            message_id=message_id,
            conversation_id=room,
            incident_ids=tuple([(await self.incident(product_id)).id for product_id in product_ids]),
            sent_at=self.house.clock.now(),
            text=text,
            notice_id=whole,
        )
        await self.house.stores.bot.remember_notice(notice)
        return notice

    async def actions(self, actor: str = OPERATOR) -> list[str]:
        """Return what the audit log says that somebody did, oldest first."""
        page = await self.house.stores.audit.entries(500)
        return [entry.action for entry in reversed(page.items) if entry.actor == self.people[actor].id]

    async def everything(self) -> tuple[object, ...]:
        """Return all that a command could change. That a wrong binding code was refused is no change."""
        stores = self.house.stores
        incidents = {product_id: await self.incident(product_id) for product_id in ("p1", "p2")}
        statuses = [await stores.catalogue.get(product_id) for product_id in ("p1", "p2", "good")]
        room = await stores.bot.room(ROOM)
        audits = [a for a in (await stores.audit.entries(500)).items if a.action != "contact.refused"]
        held = await stores.incidents.held(["p1", "p2", "good"])
        return incidents, statuses, room, audits, held, list(self.house.duty.requested)


def team(language: str = "en", rulebook: Rulebook | None = None) -> Team:
    config = Config(
        channels=(ChannelSection(name="box", min_severity="info"),),
        bot=BotSection(kind="local", language=language),
    )
    home = house(rulebook, config)
    home.duty.ports = dataclasses.replace(home.duty.ports, bot=home.stores.bot)
    people = {
        contact: Principal(id=f"id-{NAMES[contact]}", name=NAMES[contact], role=role, created_at=home.clock.now())
        for contact, role in _ROLES.items()
    }
    return Team(home, commands(home.duty), people)


async def in_trouble(language: str = "en") -> Team:
    """A team with two products at fault, of which one was taken off the shelf, and a good one."""
    made = team(language)
    await made.shop(product("p1", None), product("p2", stock=0), product("good"))
    return made
