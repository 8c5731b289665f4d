"""Mail: one mbox of the ordinary, and the letters with attachments or from strangers as .eml files: mail/."""

from __future__ import annotations

import base64

from pickglass.simulate.acts import Diary, Letter
from pickglass.simulate.clock import DAY, date_text, mail_date
from pickglass.simulate.draws import Draw
from pickglass.simulate.exports import Exports, zip_stored
from pickglass.simulate.world.company import Company


def write(company: Company, diary: Diary, exports: Exports) -> None:
    draw = Draw(company.seed, "mail")
    letters = sorted(diary.letters, key=lambda one: (one.time, one.sender, one.subject))
    box: list[bytes] = []
    number = 0
    for letter in letters:
        text = message(company, draw, letter)
        if (
            (letter.attachments and len(letter.recipients) + len(letter.attachments) > 2)
            or letter.html
            or _demands(letter)
        ):
            number += 1
            exports.blob(f"mail/{date_text(letter.time // DAY)}_{number:03}.eml", text, 1)
        else:
            lines = [b">" + line if line.startswith(b"From ") else line for line in text.split(b"\r\n")]
            stamp = mail_date(letter.time).replace(",", "")
            box.append(f"From {letter.sender} {stamp}\n".encode() + b"\n".join(lines) + b"\n")
    exports.blob("mail/shared_mailboxes.mbox", b"".join(box), len(box))


def _demands(letter: Letter) -> bool:
    return "USD" in letter.body


def message(company: Company, draw: Draw, letter: Letter) -> bytes:
    domain = letter.sender.split("@")[1]
    sender = f'"{letter.sender_name}" <{letter.sender}>' if letter.sender_name else f"<{letter.sender}>"
    head = [
        f"Message-ID: <{draw.hexadecimal(24)}@{domain}>",
        f"Date: {mail_date(letter.time)}",
        f"From: {_ascii(sender)}",
        f"To: {', '.join(letter.recipients)}",
        f"Subject: {letter.subject}",
        "MIME-Version: 1.0",
    ]
    if letter.sender_ip:
        verdict = "pass" if letter.passes else "fail"
        head = [
            f"Received: from mail.{domain} ([{letter.sender_ip}]) by mx.{company.domain}; "
            + mail_date(letter.time + 2),
            f"Authentication-Results: mx.{company.domain}; spf={verdict}; dkim={verdict}; dmarc={verdict}",
            *head,
        ]
    kind = "text/html" if letter.html else "text/plain"
    body = base64.encodebytes(letter.body.encode()).decode().strip().splitlines()
    part = [f"Content-Type: {kind}; charset=utf-8", "Content-Transfer-Encoding: base64", "", *body]
    if not letter.attachments:
        return "\r\n".join([*head, *part, ""]).encode()
    boundary = f"=_{draw.hexadecimal(20)}"
    lines = [*head, f'Content-Type: multipart/mixed; boundary="{boundary}"', "", f"--{boundary}", *part]
    for name, members in letter.attachments:
        content = zip_stored(members) if members else f"%PDF-1.7\n% {name}\n%%EOF\n".encode()
        zipped = "application/zip" if members else "application/pdf"
        lines += [
            f"--{boundary}",
            f'Content-Type: {zipped}; name="{name}"',
            "Content-Transfer-Encoding: base64",
            f'Content-Disposition: attachment; filename="{name}"',
            "",
            *base64.encodebytes(content).decode().strip().splitlines(),
        ]
    return "\r\n".join([*lines, f"--{boundary}--", ""]).encode()


def _ascii(text: str) -> str:
    if text.isascii():
        return text
    name, address = text.rsplit(" ", 1)
    encoded = base64.b64encode(name.strip('"').encode()).decode()
    return f"=?utf-8?b?{encoded}?= {address}"
