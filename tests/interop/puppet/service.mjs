// A puppet service over a mocked account, for tests/interop: node service.mjs PORT CONTROL_PORT TOKEN.
// The other port takes orders over HTTP, each a POST of JSON; / tells what was sent and how often it was started.
import http from 'node:http'
import { PuppetMock, mock } from 'wechaty-puppet-mock'
import { PuppetServer } from 'wechaty-puppet-service'

const [port, controlPort, token] = process.argv.slice(2)
const ROOM = 'r1@chatroom'
const OTHER_ROOM = 'r2@chatroom'
const told = { sent: [], starts: 0, stops: 0, dings: 0 }
const alias = {}
const nobodys = new Set() // messages without a talker, which the mock itself does not make
let account = true // whether the account is logged in after a start

class Puppet extends PuppetMock {
  async onStart () { told.starts += 1; await super.onStart() }
  async onStop () { told.stops += 1; await super.onStop() }
  ding (data) { told.dings += 1; this.emit('dong', { data: data || '' }) }
  async roomMemberList (id) { return (await this.roomPayload(id)).memberIdList }
  async roomMemberRawPayload (room, contact) {
    return { ...await super.roomMemberRawPayload(room, contact), roomAlias: alias[contact] }
  }

  async messageRawPayload (id) {
    const payload = await super.messageRawPayload(id)
    return nobodys.has(id) ? { ...payload, talkerId: '' } : payload
  }

  async messageSendText (conversation, text, mentions) {
    const id = new Promise(resolve => this.once('message', ({ messageId }) => resolve(messageId)))
    await super.messageSendText(conversation, text, mentions)
    told.sent.push({ conversation, text, mentions: mentions || [] })
    return id
  }
}

const mocker = new mock.Mocker()
const puppet = new Puppet({ mocker })
const people = Object.fromEntries(
  [['bot', 'ShopBot'], ['alice', 'Alice'], ['bob', 'Bob']].map(([id, name]) => [id, mocker.createContact({ id, name })]),
)
const room = mocker.createRoom({ id: ROOM, topic: 'Shop', ownerId: 'alice', memberIdList: Object.keys(people) })
const other = mocker.createRoom({ id: OTHER_ROOM, topic: 'Gym', ownerId: 'alice', memberIdList: Object.keys(people) })

mocker.use(({ puppet }) => {
  const login = setTimeout(() => account && !puppet.isLoggedIn && mocker.login(people.bot), 100)
  return () => clearTimeout(login)
})

const orders = {
  say: ({ who, text, mentions = [], private: alone, elsewhere }) =>
    people[who].say(text, mentions.map(id => people[id])).to(alone ? people.bot : elsewhere ? other : room),
  message: ({ nobody, ...payload }) => {
    if (nobody) nobodys.add(payload.id)
    mocker.MessageMock.create({ roomId: ROOM, talkerId: 'alice', ...payload })
    puppet.emit('message', { messageId: payload.id })
  },
  again: ({ id }) => puppet.emit('message', { messageId: id }),
  emit: ({ event, payload }) => puppet.emit(event, payload),
  alias: ({ who, name }) => { alias[who] = name; puppet.cache.roomMember.clear?.() },
  topic: ({ topic }) => room.topic(topic).by(people.alice),
  logout: async () => { account = false; await puppet.logout('kicked by the phone') },
  scan: ({ qrcode }) => mocker.scan(qrcode),
  login: () => { account = true; mocker.login(people.bot) },
}

await new PuppetServer({ endpoint: `127.0.0.1:${port}`, puppet, token, tls: { disable: true } }).start()

http.createServer(async (request, response) => {
  try {
    let body = ''
    for await (const chunk of request) body += chunk
    const order = orders[request.url.slice(1)]
    if (order) await order(JSON.parse(body || '{}'))
    response.end(JSON.stringify(told))
  } catch (error) {
    response.statusCode = 500
    response.end(String(error?.stack || error))
  }
}).listen(Number(controlPort), '127.0.0.1', () => console.log('ready'))
