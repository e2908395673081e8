#!/usr/bin/python3
"""A small NETCONF server behind plugins/netconf: running and candidate, in memory.

RFC 6241 by lxml (libxml2): get, get-config with subtree filters, edit-config with merge,
replace, create, delete, remove and none, lock, unlock, validate, commit, discard-changes,
copy-config, close-session, kill-session. One process, one loop, a session per connection of
the socket that is its argument; the framing between the plugin and it is in
plugins/netconf/netconf.h.

It has no schema: elements with a child <name> are list entries with that key. One rule is
there to be broken: an <mtu> is a number from 68 to 65535.
"""
import asyncio
import copy
import os
import sys

from lxml import etree

NC = "urn:ietf:params:xml:ns:netconf:base:1.0"
STATE = "urn:example:sessions"
OPERATION = "{%s}operation" % NC
MORE = 0x80000000
MESSAGE_MAX = 64 << 20
CAPABILITIES = [
    "urn:ietf:params:netconf:base:1.0",
    "urn:ietf:params:netconf:base:1.1",
    "urn:ietf:params:netconf:capability:writable-running:1.0",
    "urn:ietf:params:netconf:capability:candidate:1.0",
    "urn:ietf:params:netconf:capability:validate:1.1",
    "urn:ietf:params:netconf:capability:rollback-on-error:1.0",
]


class RpcError(Exception):
    """RFC 6241 section 4.3 and appendix A."""

    def __init__(self, tag, text="", kind="application", info=None):
        super().__init__(text or tag)
        self.tag, self.text, self.kind, self.info = tag, text, kind, info or {}

    def element(self):
        e = etree.Element("{%s}rpc-error" % NC)
        for name, text in (("error-type", self.kind), ("error-tag", self.tag), ("error-severity", "error")):
            etree.SubElement(e, "{%s}%s" % (NC, name)).text = text
        if self.text:
            etree.SubElement(e, "{%s}error-message" % NC).text = self.text
        if self.info:
            info = etree.SubElement(e, "{%s}error-info" % NC)
            for name, text in self.info.items():
                etree.SubElement(info, "{%s}%s" % (NC, name)).text = text
        return e


def local(e):
    return etree.QName(e).localname


def children(e):
    return [c for c in e if isinstance(c.tag, str)]


def key_of(e):
    for c in children(e):
        if local(c) == "name":
            return (c.text or "").strip()
    return None


def find_same(parent, e):
    key = key_of(e)
    for c in children(parent):
        if c.tag == e.tag and key_of(c) == key:
            return c
    return None


def plain(e):
    """A copy without operation attributes."""
    e = copy.deepcopy(e)
    for x in e.iter():
        if isinstance(x.tag, str):
            x.attrib.pop(OPERATION, None)
    return e


def edit(into, e, inherited):
    """RFC 6241 section 7.2, one element."""
    op = e.get(OPERATION, inherited)
    there = find_same(into, e)
    if op in ("create", "delete", "remove", "replace"):
        if op == "create" and there is not None:
            raise RpcError("data-exists", info={"bad-element": local(e)})
        if op == "delete" and there is None:
            raise RpcError("data-missing", info={"bad-element": local(e)})
        if there is not None:
            into.remove(there)
        if op in ("create", "replace"):
            into.append(plain(e))
        return
    if op not in ("merge", "none"):
        raise RpcError("bad-attribute", kind="protocol", info={"bad-attribute": "operation", "bad-element": local(e)})
    if there is None:
        if op == "none" and not any(x.get(OPERATION) for x in e.iter() if isinstance(x.tag, str)):
            raise RpcError("data-missing", info={"bad-element": local(e)})
        there = etree.SubElement(into, e.tag, nsmap=e.nsmap)
    if not children(e):
        if op == "merge":
            there.text = e.text
        return
    for c in children(e):
        if local(c) == "name" and key_of(there) is None:
            there.insert(0, plain(c))
        elif local(c) != "name":
            edit(there, c, op)


def select(e, f):
    """RFC 6241 section 6: what of e the filter f keeps, or None."""
    if not children(f):
        want = (f.text or "").strip()
        return copy.deepcopy(e) if not want or want == (e.text or "").strip() else None
    matches = [c for c in children(f) if not children(c) and (c.text or "").strip()]
    for m in matches:
        if not any(c.tag == m.tag and (c.text or "").strip() == m.text.strip() for c in children(e)):
            return None
    others = [c for c in children(f) if c not in matches]
    if not others:
        return copy.deepcopy(e)
    kept = etree.Element(e.tag, nsmap=e.nsmap)
    for c in children(e):
        if any(c.tag == m.tag for m in matches):
            kept.append(copy.deepcopy(c))
            continue
        for o in others:
            if o.tag == c.tag:
                got = select(c, o)
                if got is not None:
                    kept.append(got)
                    break
    return kept if len(kept) else None


def filtered(data, rpc):
    f = rpc.find("{%s}filter" % NC)
    out = etree.Element("{%s}data" % NC, nsmap={None: NC})
    if f is not None and f.get("type", "subtree") != "subtree":
        raise RpcError("bad-attribute", kind="protocol", info={"bad-attribute": "type", "bad-element": "filter"})
    for e in children(data):
        if f is None:
            out.append(copy.deepcopy(e))
            continue
        for one in children(f):
            got = select(e, one) if one.tag == e.tag else None
            if got is not None:
                out.append(got)
    return out


def validate(data):
    for e in data.iter():
        if isinstance(e.tag, str) and local(e) == "mtu":
            text = (e.text or "").strip()
            if not text.isdigit() or not 68 <= int(text) <= 65535:
                raise RpcError("invalid-value", "an mtu is a number from 68 to 65535", info={"bad-element": "mtu"})


class Store:
    def __init__(self):
        self.data = {"running": etree.Element("data"), "candidate": etree.Element("data")}
        self.locks = {}
        self.sessions = {}
        self.last_id = 0

    def state(self):
        top = etree.Element("{%s}sessions" % STATE, nsmap={None: STATE})
        for s in self.sessions.values():
            one = etree.SubElement(top, "{%s}session" % STATE)
            etree.SubElement(one, "{%s}name" % STATE).text = str(s.id)
            for fact in ("user", "uid", "peer", "local-port", "methods", "key"):
                etree.SubElement(one, "{%s}%s" % (STATE, fact)).text = s.facts.get(fact, "")
        return top


def named(rpc, which):
    e = rpc.find("{%s}%s" % (NC, which))
    if e is None or not children(e):
        raise RpcError("missing-element", kind="protocol", info={"bad-element": which})
    return local(children(e)[0]), children(e)[0]


class Session:
    def __init__(self, store, reader, writer):
        self.store, self.reader, self.writer = store, reader, writer
        store.last_id += 1
        self.id = store.last_id
        self.facts = {}
        self.closing = False

    # ---- frames ----

    async def receive(self):
        message = b""
        while True:
            number = int.from_bytes(await self.reader.readexactly(4), "big")
            length = number & ~MORE
            if len(message) + length > MESSAGE_MAX:
                raise ValueError("too long")
            message += await self.reader.readexactly(length)
            if not number & MORE:
                return message

    async def send(self, element):
        text = etree.tostring(element, xml_declaration=True, encoding="UTF-8")
        for at in range(0, len(text), 1 << 20):
            piece = text[at:at + (1 << 20)]
            more = MORE if at + len(piece) < len(text) else 0
            self.writer.write((len(piece) | more).to_bytes(4, "big") + piece)
        await self.writer.drain()

    # ---- operations ----

    def datastore(self, rpc, which):
        name, _ = named(rpc, which)
        if name not in self.store.data:
            raise RpcError("operation-not-supported", "no datastore " + name)
        return name

    def writable(self, rpc):
        name = self.datastore(rpc, "target")
        if self.store.locks.get(name, self.id) != self.id:
            raise RpcError("in-use", "locked by session %d" % self.store.locks[name])
        return name

    def op_get(self, rpc):
        both = copy.deepcopy(self.store.data["running"])
        both.append(self.store.state())
        return filtered(both, rpc)

    def op_get_config(self, rpc):
        return filtered(self.store.data[self.datastore(rpc, "source")], rpc)

    def op_edit_config(self, rpc):
        name = self.writable(rpc)
        config = rpc.find("{%s}config" % NC)
        default = rpc.findtext("{%s}default-operation" % NC, "merge").strip()
        if config is None:
            raise RpcError("missing-element", kind="protocol", info={"bad-element": "config"})
        new = copy.deepcopy(self.store.data[name])
        for e in children(config):
            if default == "replace" and e.get(OPERATION) is None:
                edit(new, e, "replace")
            else:
                edit(new, e, default)
        if name == "running":
            validate(new)
        self.store.data[name] = new

    def op_copy_config(self, rpc):
        target = self.writable(rpc)
        source, e = named(rpc, "source")
        new = plain(e) if source == "config" else copy.deepcopy(self.store.data[self.datastore(rpc, "source")])
        if target == "running":
            validate(new)
        self.store.data[target] = new

    def op_lock(self, rpc):
        name = self.datastore(rpc, "target")
        if name in self.store.locks:
            raise RpcError("lock-denied", "it is locked", info={"session-id": str(self.store.locks[name])})
        if name == "candidate" and etree.tostring(self.store.data["candidate"]) != etree.tostring(self.store.data["running"]):
            raise RpcError("lock-denied", "it has changes", info={"session-id": "0"})
        self.store.locks[name] = self.id

    def op_unlock(self, rpc):
        name = self.datastore(rpc, "target")
        if self.store.locks.get(name) != self.id:
            raise RpcError("operation-failed", "this session has no lock of it")
        self.unlock(name)

    def unlock(self, name):
        del self.store.locks[name]
        if name == "candidate":
            self.op_discard_changes(None)

    def op_validate(self, rpc):
        name, e = named(rpc, "source")
        validate(e if name == "config" else self.store.data[self.datastore(rpc, "source")])

    def op_commit(self, rpc):
        for name in ("running", "candidate"):
            if self.store.locks.get(name, self.id) != self.id:
                raise RpcError("in-use", "locked by session %d" % self.store.locks[name])
        validate(self.store.data["candidate"])
        self.store.data["running"] = copy.deepcopy(self.store.data["candidate"])

    def op_discard_changes(self, rpc):
        self.store.data["candidate"] = copy.deepcopy(self.store.data["running"])

    def op_close_session(self, rpc):
        self.closing = True

    def op_kill_session(self, rpc):
        text = rpc.findtext("{%s}session-id" % NC, "").strip()
        other = self.store.sessions.get(int(text) if text.isdigit() else 0)
        if other is None or other is self:
            raise RpcError("invalid-value", "no such session")
        other.writer.close()

    # ---- its life ----

    def reply(self, message):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True, remove_comments=True)
        answer = etree.Element("{%s}rpc-reply" % NC, nsmap={None: NC})
        try:
            rpc = etree.fromstring(message, parser)
            if rpc.tag != "{%s}rpc" % NC:
                raise RpcError("malformed-message", kind="rpc")
            for name, value in rpc.attrib.items():
                answer.set(name, value)
            if "message-id" not in rpc.attrib:
                raise RpcError("missing-attribute", kind="rpc", info={"bad-attribute": "message-id", "bad-element": "rpc"})
            what = children(rpc)
            method = getattr(self, "op_" + local(what[0]).replace("-", "_"), None) if len(what) == 1 else None
            if method is None:
                raise RpcError("operation-not-supported", kind="protocol")
            got = method(what[0])
            answer.append(got if got is not None else etree.Element("{%s}ok" % NC))
        except etree.XMLSyntaxError as e:
            answer.append(RpcError("malformed-message", str(e), kind="rpc").element())
            self.closing = True
        except RpcError as e:
            answer.append(e.element())
        return answer

    async def hello(self):
        top = etree.Element("{%s}hello" % NC, nsmap={None: NC})
        list_ = etree.SubElement(top, "{%s}capabilities" % NC)
        for c in CAPABILITIES:
            etree.SubElement(list_, "{%s}capability" % NC).text = c
        etree.SubElement(top, "{%s}session-id" % NC).text = str(self.id)
        await self.send(top)
        theirs = etree.fromstring(await self.receive(), etree.XMLParser(resolve_entities=False, no_network=True))
        if theirs.tag != "{%s}hello" % NC or theirs.find("{%s}session-id" % NC) is not None:
            raise ValueError("no hello of a client")

    async def run(self):
        self.store.sessions[self.id] = self
        try:
            for line in (await self.receive()).decode().splitlines():
                name, _, value = line.partition(": ")
                self.facts[name] = value
            await self.hello()
            while not self.closing:
                await self.send(self.reply(await self.receive()))
        except (asyncio.IncompleteReadError, ConnectionError, ValueError, etree.XMLSyntaxError):
            pass
        finally:
            del self.store.sessions[self.id]
            for name in [n for n, owner in self.store.locks.items() if owner == self.id]:
                self.unlock(name)
            self.writer.close()


async def main(path):
    store = Store()
    if os.path.exists(path):
        os.unlink(path)
    server = await asyncio.start_unix_server(lambda r, w: Session(store, r, w).run(), path, backlog=64, limit=1 << 20)
    os.chmod(path, 0o666)
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[1]))
