#!/usr/bin/python3
"""Many NETCONF sessions at once: netconf_crowd.py HOST PORT USER KEY CONNECTIONS SESSIONS.

Every session says hello (base 1.1), asks, waits until all are there, asks again and closes.
"""
import asyncio
import re
import sys
import warnings

warnings.filterwarnings("ignore")
import asyncssh  # noqa: E402

host, port, user, key = sys.argv[1:5]
connections, sessions = int(sys.argv[5]), int(sys.argv[6])
NC = "urn:ietf:params:xml:ns:netconf:base:1.0"
HELLO = ('<hello xmlns="%s"><capabilities><capability>urn:ietf:params:netconf:base:1.1</capability>'
         "</capabilities></hello>]]>]]>" % NC).encode()
ids = set()
everybody = asyncio.Event()


def chunk(text):
    return b"\n#%d\n%s\n##\n" % (len(text), text.encode())


async def message(out):
    text = await out.readuntil(b"\n##\n")
    return re.sub(rb"\n#\d+\n", b"", text)


async def ask(stdin, stdout, what):
    stdin.write(chunk('<rpc message-id="1" xmlns="%s">%s</rpc>' % (NC, what)))
    return await message(stdout)


async def session(conn):
    stdin, stdout, _ = await conn.open_session(subsystem="netconf", encoding=None)
    stdin.write(HELLO)
    hello = await stdout.readuntil(b"]]>]]>")
    ids.add(int(re.search(rb"<session-id>(\d+)<", hello).group(1)))
    got = await ask(stdin, stdout, "<get-config><source><running/></source></get-config>")
    assert b"<data" in got, got
    if len(ids) == connections * sessions:
        everybody.set()
    await everybody.wait()
    got = await ask(stdin, stdout, "<validate><source><running/></source></validate>")
    assert b"<ok/>" in got, got
    got = await ask(stdin, stdout, "<close-session/>")
    assert b"<ok/>" in got, got
    assert await stdout.read() == b""


async def connection(gate):
    async with gate: # logins are limited (MaxStartups)
        conn = await asyncssh.connect(host, int(port), username=user, client_keys=[key], known_hosts=None, config=None,
                                      encryption_algs=["aes128-gcm@openssh.com"], kex_algs=["curve25519-sha256"])
    async with conn:
        await asyncio.gather(*(session(conn) for _ in range(sessions)))


async def main():
    gate = asyncio.Semaphore(8)
    await asyncio.wait_for(asyncio.gather(*(connection(gate) for _ in range(connections))), 240)
    assert len(ids) == connections * sessions, len(ids)
    print("%d sessions at once" % len(ids))


asyncio.run(main())
