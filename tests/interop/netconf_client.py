#!/usr/bin/python3
"""ncclient against the service: netconf_client.py STEP HOST PORT USER KEY."""
import sys
import warnings

warnings.filterwarnings("ignore")
from lxml import etree  # noqa: E402
from ncclient import manager  # noqa: E402
from ncclient.operations import RPCError  # noqa: E402
from ncclient.transport.errors import SessionCloseError, TransportError  # noqa: E402

step, host, port, user, key = sys.argv[1:6]
NS = "urn:example:interfaces"
OP = "urn:ietf:params:xml:ns:netconf:base:1.0"


def connect():
    return manager.connect(host=host, port=int(port), username=user, key_filename=key, hostkey_verify=False,
                           allow_agent=False, look_for_keys=False, timeout=60)


def interfaces(inner):
    return '<nc:config xmlns:nc="%s"><interfaces xmlns="%s">%s</interfaces></nc:config>' % (OP, NS, inner)


def interface(name, inner="", op=""):
    attr = ' nc:operation="%s"' % op if op else ""
    return "<interface%s><name>%s</name>%s</interface>" % (attr, name, inner)


def names(m, source="running"):
    data = etree.fromstring(m.get_config(source).data_xml.encode())
    return sorted(e.text for e in data.iter("{%s}name" % NS))


def text(m, path, source="running"):
    data = etree.fromstring(m.get_config(source, ("subtree", '<interfaces xmlns="%s"/>' % NS)).data_xml.encode())
    return [e.text for e in data.iter("{%s}%s" % (NS, path))]


def refused(tag, call, *args, **kw):
    try:
        call(*args, **kw)
    except RPCError as e:
        assert e.tag == tag, "refused with %s, not %s" % (e.tag, tag)
        return e
    raise AssertionError("not refused with " + tag)


def capabilities():
    with connect() as m:
        offered = list(m.server_capabilities)
        for c in ("urn:ietf:params:netconf:base:1.0", "urn:ietf:params:netconf:base:1.1",
                  "urn:ietf:params:netconf:capability:candidate:1.0"):
            assert c in offered, offered
        assert int(m.session_id) > 0
        assert m.connected
    assert not m.connected


def facts():
    with connect() as m:
        state = etree.fromstring(m.get(("subtree", '<sessions xmlns="urn:example:sessions"/>')).data_xml.encode())
        mine = [s for s in state.iter("{urn:example:sessions}session")
                if s.findtext("{urn:example:sessions}name") == m.session_id]
        assert len(mine) == 1
        for name, want in (("user", user), ("peer", "10.77.0.2"), ("local-port", port), ("methods", "publickey")):
            got = mine[0].findtext("{urn:example:sessions}" + name)
            assert got == want, "%s is %s" % (name, got)
        assert mine[0].findtext("{urn:example:sessions}key").startswith("ssh-ed25519 SHA256:")


def edits():
    with connect() as m:
        m.edit_config(target="running", config=interfaces(interface("a", "<mtu>1500</mtu>") + interface("b")))
        assert names(m) == ["a", "b"]
        m.edit_config(target="running", config=interfaces(interface("a", "<mtu>9000</mtu>") + interface("c")))
        assert names(m) == ["a", "b", "c"] and text(m, "mtu") == ["9000"]
        refused("data-exists", m.edit_config, target="running", config=interfaces(interface("a", op="create")))
        m.edit_config(target="running", config=interfaces(interface("d", op="create")))
        m.edit_config(target="running", config=interfaces(interface("b", op="delete")))
        refused("data-missing", m.edit_config, target="running", config=interfaces(interface("b", op="delete")))
        m.edit_config(target="running", config=interfaces(interface("b", op="remove")))
        m.edit_config(target="running", config=interfaces(interface("a", "<speed>1</speed>", op="replace")))
        assert names(m) == ["a", "c", "d"] and text(m, "mtu") == [] and text(m, "speed") == ["1"]
        only = m.get_config("running", ("subtree", '<interfaces xmlns="%s"><interface><name>c</name></interface></interfaces>' % NS))
        assert [e.text for e in etree.fromstring(only.data_xml.encode()).iter("{%s}name" % NS)] == ["c"]
        m.discard_changes()


def locks():
    one = connect()
    with connect() as two:
        one.discard_changes()
        with one.locked("candidate"):
            e = refused("lock-denied", two.lock, "candidate")
            assert one.session_id in str(etree.tostring(e.xml)), "who has it is told"
            refused("in-use", two.edit_config, target="candidate", config=interfaces(interface("x")))
            one.edit_config(target="candidate", config=interfaces(interface("e")))
        two.lock("candidate")
        two.unlock("candidate")
        # A session that ends gives its locks back.
        one.lock("running")
        refused("lock-denied", two.lock, "running")
        one.close_session()
        two.lock("running")
        two.unlock("running")


def commits():
    with connect() as m:
        m.discard_changes()
        before = names(m)
        with m.locked("candidate"):
            m.edit_config(target="candidate", config=interfaces(interface("f", "<mtu>12</mtu>")))
            refused("invalid-value", m.validate, "candidate")
            refused("invalid-value", m.commit)
            m.discard_changes()
            m.edit_config(target="candidate", config=interfaces(interface("f", "<mtu>1280</mtu>")))
            assert names(m) == before
            m.validate("candidate")
            m.commit()
        assert names(m) == sorted(before + ["f"])


def large():
    """Messages of some megabytes both ways, in many chunks."""
    with connect() as m:
        blob = "0123456789abcdef" * (128 << 10)
        m.edit_config(target="running", config=interfaces(interface("large", "<blob>%s</blob>" % blob)))
        assert text(m, "blob") == [blob]
        m.edit_config(target="running", config=interfaces(interface("large", op="delete")))


def kill():
    two = connect()
    with connect() as one:
        two.lock("candidate")
        one.kill_session(two.session_id)
        try:
            two.get_config("running")
        except (SessionCloseError, TransportError):
            pass
        else:
            raise AssertionError("killed and alive")
        one.lock("candidate")
        one.unlock("candidate")


{f.__name__: f for f in (capabilities, facts, edits, locks, commits, large, kill)}[step]()
