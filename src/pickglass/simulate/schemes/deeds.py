"""Acts that several players do: clone, upload, install, redirect pay, extort."""



from __future__ import annotations

from pickglass.simulate.acts import (
    Connection,
    DataAct,
    Diary,
    Letter,
    Process,
    Ticket,
)
from pickglass.simulate.clock import DAY
from pickglass.simulate.draws import Draw
from pickglass.simulate.life import run
from pickglass.simulate.tables import table
from pickglass.simulate.world.company import Company, Worker
from pickglass.simulate.world.machines import Machine
from pickglass.simulate.world.places import (
    Network,
    vpn_exits,
)


def forget(diary: Diary, worker: Worker, *kinds: str) -> None:
    """Takes back what the chorus did in a player's name where the player did something else instead."""
    if "parcels" in kinds:
        diary.parcels = [one for one in diary.parcels if one.worker != worker.index]
    if "pay" in kinds:
        first = next(one for one in diary.pay if one.worker == worker.index)
        diary.pay = [one for one in diary.pay if one.worker != worker.index or one is first]
    if "check" in kinds:
        diary.attestations = [
            one for one in diary.attestations if one.worker != worker.index or one.kind != "live_video_check"
        ]


def serial(worker: Worker) -> str:
    return worker.machine(worker.hired + 1).serial


def ticket(
    diary: Diary,
    worker: Worker,
    day: int,
    minute: int,
    category: str,
    detail: str,
    outcome: str = "",
    activity: str = "opened",
) -> None:
    diary.tickets.append(Ticket(day * DAY + minute * 60, worker.index, category, activity, outcome, detail))


TAKING = ("clone", "zip", "download")  # acts after which somebody holds a copy


def clone_all(
    diary: Diary,
    draw: Draw,
    worker: Worker,
    network: Network,
    machine: Machine,
    time: int,
    count: int,
) -> None:
    every = sorted({name for names in table("jobs")["repositories"].values() for name in names})
    for name in draw.sample(every, count):
        time += draw.between(20, 200)
        diary.data.append(
            DataAct(
                time,
                worker.index,
                "github",
                draw.pick(["clone", "clone", "zip"]),
                name,
                name,
                network,
                machine,
                draw.between(5_000_000, 300_000_000),
            )
        )


def connect(
    diary: Diary, worker: Worker, machine: Machine, time: int, program: str, host: str, port: int = 443
) -> None:
    address = f"198.51.100.{150 + sum(map(ord, host)) % 50}"
    diary.connections.append(Connection(time, worker.index, machine, program, host, address, port))


def extort(company: Company, diary: Diary, draw: Draw, thief: Worker, day: int, *, wallet: bool) -> None:
    """Mails with some of what the thief took as proof, a demand, and a shared folder, from nobody known."""
    day = min(day, company.last)
    chief = next(one for one in company.workers if one.role == "Chief Executive")
    people = next(one for one in company.workers if one.role == "Head of People")
    sender = (
        f"{draw.letters(8).lower()}{draw.digits(4)}@{draw.pick(['mailbox.example', 'inbox.example.net'])}"
    )
    other = f"{draw.letters(7).lower()}{draw.digits(3)}@post.example.org"
    taken = [one for one in diary.data if one.worker == thief.index and one.action in TAKING]
    code = sorted({one.name for one in taken if one.service == "github"})
    documents = sorted({one.name for one in taken if one.service != "github"})
    names = draw.sample(code if len(code) >= 3 else documents, 3)
    files = ("README.md", "main.go", "deploy.yaml") if len(code) >= 3 else ("page 1.txt", "page 2.txt")
    proof = tuple(
        (
            f"{name.replace(' ', '_')}.zip",
            tuple((f"{name}/{file}", f"# {name}\n{draw.hexadecimal(40)}\n") for file in files),
        )
        for name in names
    )
    documents = draw.sample(documents, 2)
    start = day * DAY
    diary.letters.append(
        Letter(
            start + 10 * 3600 + 600,
            sender,
            "",
            (chief.mail,),
            "What I have of yours",
            "I worked for you. Look at the archives to see what I have. I will write again today.\n",
            proof,
            vpn_exits("ASTRILL_VPN")[1].ip,
            passes=True,
        )
    )
    address = (
        "0x52908400098527886E0F7030069857D2E4169EE7"
        if wallet
        else "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    )
    diary.letters.append(
        Letter(
            start + 13 * 3600 + 2400,
            sender,
            "",
            (chief.mail, people.mail),
            "Payment within 72 hours",
            "Pay 380000 USD in cryptocurrency within 72 hours or I publish and sell your data "
            f"and your customer list. Send it to {address}. Do not contact the police.\n",
            ((f"{documents[0].replace(' ', '_')}.zip", ((f"{documents[0]}.txt", f"{documents[0]}\n"),)),),
            vpn_exits("ASTRILL_VPN")[1].ip,
        )
    )
    diary.letters.append(
        Letter(
            start + 18 * 3600 + 1200,
            other,
            "",
            (chief.mail,),
            f"Shared folder: {documents[1]}",
            f'<p>I shared a folder with you: <a href="https://drive.google.com/drive/folders/1{draw.letters(20)}">'
            f"{documents[1]}</a> with {names[0]} and {names[1]}</p>\n",
            (),
            vpn_exits("ASTRILL_VPN")[1].ip,
            html=True,
        )
    )


def remote_set_up(
    diary: Diary, draw: Draw, worker: Worker, day: int, hour: int, programs: tuple[str, ...]
) -> None:
    machine = worker.machine(day)
    time = day * DAY + hour * 3600 + draw.between(100, 2400)
    for program in programs:
        time += draw.between(120, 900)
        if program == "crd":
            diary.processes.append(
                Process(
                    time,
                    worker.index,
                    machine,
                    "crd_start",
                    f'--code="4/0A{draw.letters(12)}" '
                    '--redirect-url="https://remotedesktop.google.com/_/oauthredirect" '
                    f"--name={machine.name} --pin={draw.digits(6)}",
                    "powershell.exe",
                )
            )
            time += 20
        run(
            diary,
            draw,
            worker,
            machine,
            program,
            time,
            parent="explorer.exe" if program != "crd" else "services.exe",
        )
