"""The pages of the webhook portal: rows in, HTML text out. Pure; no scripts, nothing loaded from anywhere.

Every value is escaped where it is put in. Forms post to paths below the page's own, which hold the token of its
link; so a page elsewhere, which does not know the token, can make nobody post here.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from html import escape

from recto.storage.queries.endpoints import EndpointRow
from recto.storage.queries.messages import AttemptRow, MessageRow, SentRow
from recto.webhooks.signing import message_id

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#1c2733;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top}
th,td{padding:.4rem .6rem .4rem 0;border-bottom:1px solid #dde3ea}
code,pre{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap}
pre{background:#f3f5f8;padding:.6rem;border-radius:4px;margin:.2rem 0}
form{display:inline}form.wide{display:block;max-width:34rem}form.wide label{display:block;margin:.6rem 0}
input[type=text],input[type=url]{width:100%;font:inherit;padding:.3rem;box-sizing:border-box}
button{font:inherit;padding:.25rem .8rem;cursor:pointer}
.delivered{color:#146c2e}.failed,.off{color:#a3211b}.pending{color:#7a5600}.said{background:#eaf3ec;padding:.6rem}
.wrong{background:#fbebea;padding:.6rem}
"""
STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

SAID = {
    "added": "The endpoint is there. Give its secret to whoever verifies the messages.",
    "changed": "The endpoint is changed.",
    "removed": "The endpoint is removed.",
    "rotated": "There is a new secret. The old one signs too for another 24 hours.",
    "tested": "A test message is on its way.",
    "replayed": "It is sent again.",
    "nothing": "There was nothing to send again.",
}
"""What a page says after an action, by the word in its address."""


def page(title: str, body: str, said: str = "", wrong: str = "") -> str:
    """A whole page; `said` is a key of SAID, `wrong` the message of an error."""
    told = f'<p class="said" role="status">{escape(SAID[said])}</p>' if said in SAID else ""
    told += f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{told}{body}</body></html>"
    )


def overview(
    root: str, endpoints: Sequence[EndpointRow], messages: Sequence[MessageRow], sent: Sequence[SentRow]
) -> str:
    """The portal's first page: endpoints, a form for another, the newest messages."""
    rows = "".join(
        f'<tr><td><a href="{root}/endpoints/{one.id}">{escape(one.url)}</a><br>{escape(one.description)}</td>'
        f"<td>{_words(one.channels, 'all')}</td><td>{_state(one)}</td></tr>"
        for one in endpoints
    )
    known = (
        f"<table><tr><th>Endpoint</th><th>Channels</th><th>State</th></tr>{rows}</table>"
        if rows
        else "<p>There is none yet: messages are kept, and delivered to nobody.</p>"
    )
    return (
        f"<h2>Endpoints</h2>{known}<h2>Add an endpoint</h2>"
        f'<form class="wide" method="post" action="{root}/endpoints">{_fields("", "", "")}'
        "<button>Add the endpoint</button></form>"
        f"<h2>Messages</h2>{_replay_since(root)}{_messages(root, messages, sent)}"
    )


def endpoint_page(
    root: str, row: EndpointRow, secret: str, messages: Sequence[MessageRow], sent: Sequence[SentRow]
) -> str:
    """An endpoint: its settings, its secret, what went to it."""
    here = f"{root}/endpoints/{row.id}"
    switch = "off" if row.enabled else "on"
    return (
        f'<p><a href="{root}">All endpoints</a></p><p>{_state(row)}</p>'
        f"{_button(here + '/test', 'Send a test') if row.enabled else ''} "
        f"{_button(here + '/switch', f'Switch {switch}', enabled=switch)} "
        f"{_button(here + '/remove', 'Remove')}"
        f"<h2>Secret</h2><details><summary>Show it</summary><pre>{escape(secret)}</pre></details>"
        f"{_button(here + '/rotate', 'Rotate the secret')}"
        f'<h2>Settings</h2><form class="wide" method="post" action="{here}">'
        f"{_fields(row.url, row.description, ', '.join(row.channels or []))}<button>Save</button></form>"
        f"<h2>Messages</h2>{_replay_since(here)}{_messages(root, messages, sent)}"
    )


def message_page(root: str, row: MessageRow, sent: Sequence[SentRow], attempts: Sequence[AttemptRow]) -> str:
    """A message: its body, its deliveries with every attempt, and buttons to send it again."""
    parts: list[str] = []
    for one in sent:
        only = {"endpoint": str(one.endpoint_id)} if one.endpoint_id else {}
        again = _button(f"{root}/messages/{message_id(row.id)}/replay", "Send again", **only)
        tried = "".join(_attempt(each) for each in attempts if each.delivery_id == one.id)
        parts.append(
            f'<h2>{escape(one.url or "Svix")}</h2><p><span class="{one.status}">{one.status}</span> {again}</p>'
            f"<table><tr><th>Attempt</th><th>At (UTC)</th><th>Answer</th><th>Took</th></tr>{tried}</table>"
        )
    return (
        f'<p><a href="{root}">All messages</a></p>'
        f"<p>{escape(row.event_type)}, {_moment(row.created_at)}, channels: {_words(row.channels, 'all')}</p>"
        f"<pre>{escape(_readable(row.body))}</pre>{''.join(parts) or '<p>No endpoint was there to get it.</p>'}"
    )


def _attempt(row: AttemptRow) -> str:
    said = f"<pre>{escape(row.answer)}</pre>" if row.answer else ""
    told = escape(row.error or str(row.answer_status))
    return (
        f"<tr><td>{row.number}</td><td>{_moment(row.created_at)}</td><td>{told}{said}</td>"
        f"<td>{row.latency_ms} ms</td></tr>"
    )


def _messages(root: str, messages: Sequence[MessageRow], sent: Sequence[SentRow]) -> str:
    lines: list[str] = []
    for row in messages:
        stands = [one for one in sent if one.message_id == row.id]
        told = ", ".join(
            f'<span class="{status}">{count} {status}</span>'
            for status in ("delivered", "pending", "failed")
            if (count := sum(one.status == status for one in stands))
        )
        lines.append(
            f'<tr><td><a href="{root}/messages/{message_id(row.id)}">{message_id(row.id)}</a></td>'
            f"<td>{_moment(row.created_at)}</td><td>{escape(str(row.job_id or row.event_type))}</td>"
            f"<td>{told or 'no endpoint'}</td></tr>"
        )
    head = "<tr><th>Message</th><th>At (UTC)</th><th>Job</th><th>Deliveries</th></tr>"
    return f"<table>{head}{''.join(lines)}</table>" if lines else "<p>There is none yet.</p>"


def _fields(url: str, description: str, channels: str) -> str:
    return (
        f'<label>URL <input type="url" name="url" required maxlength="2048" value="{escape(url)}"></label>'
        f'<label>Description <input type="text" name="description" maxlength="500" value="{escape(description)}">'
        "</label><label>Channels, separated by commas; none: all "
        f'<input type="text" name="channels" value="{escape(channels)}"></label>'
    )


def _replay_since(at: str) -> str:
    return f"<p>{_button(at + '/replay', 'Send all failed of the last 24 hours again')}</p>"


def _button(action: str, label: str, **values: str) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{key}" value="{escape(one)}">' for key, one in values.items()
    )
    return f'<form method="post" action="{action}">{hidden}<button>{escape(label)}</button></form>'


def _state(row: EndpointRow) -> str:
    if not row.enabled:
        return f'<span class="off">disabled: {escape(row.disabled_reason or "switched off")}</span>'
    if row.failing_since:
        return f'<span class="failed">failing since {_moment(row.failing_since)}</span>'
    return '<span class="delivered">enabled</span>'


def _words(values: Sequence[str] | None, otherwise: str) -> str:
    return escape(", ".join(values)) if values else otherwise


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _readable(body: str) -> str:
    return ascii(body)[1:-1] if "\\ud" in body else json.dumps(json.loads(body), ensure_ascii=False, indent=2)
