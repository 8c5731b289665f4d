"""A scorecard with mistakes is refused as a whole, and every mistake is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.score.catalogue import indicator_for

from pickglass.errors import InputError, NotFound
from pickglass.model.records import Indicator
from pickglass.score import Scorecard, check, load_scorecard, parse_scorecard, scorecard_versions

TEXT = (Path(__file__).parents[2] / "src/pickglass/score/scorecards/2026-11.yaml").read_text(encoding="utf-8")


def mistakes(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse_scorecard(text, where="card.yaml")
    return [problem.message for problem in caught.value.problems]


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) >= 1, old
    return TEXT.replace(old, new, 1)


@pytest.mark.parametrize("version", scorecard_versions())
def test_every_shipped_scorecard_can_be_read(version: str) -> None:
    assert load_scorecard(version).version == version


def test_the_newest_is_the_default() -> None:
    assert load_scorecard().version == scorecard_versions()[-1]
    assert load_scorecard() == load_scorecard("2026-11")


def test_the_digest_names_the_exact_content() -> None:
    assert parse_scorecard(TEXT).digest != parse_scorecard(TEXT + "\n").digest


def test_an_unknown_version_is_not_found() -> None:
    with pytest.raises(NotFound, match="1999-01"):
        load_scorecard("1999-01")


def test_a_file_is_named_after_its_version(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(InputError, match="named mine"):
        load_scorecard(path)


def test_the_table_is_complete(scorecard: Scorecard) -> None:
    assert scorecard.clear_floor == -300
    assert len([name for name, weight in scorecard.weights.items() if not weight.awaited]) == 127
    for name in scorecard.decisive:
        assert scorecard.weights[name].fairness == "safe"
    for weight in scorecard.weights.values():
        if weight.proxy:
            assert all(0 <= bits <= 100 for bits in weight.fired.values())
    in_groups = [member for group in scorecard.groups for member in group.members]
    assert len(in_groups) == len(set(in_groups))


def test_every_line_states_the_assumption_behind_its_numbers() -> None:
    document = yaml.safe_load(TEXT)
    for name, line in document["indicators"].items():
        assert {"ordinary", *line["fired"]} <= set(line["assumes"]), name


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    text = changed("clear_floor: -3", "clear_floor: 3")
    text = text.replace("tier: 2", "tier: 7", 1).replace("new_hire_days: 180", "new_hire_days: soon", 1)
    with pytest.raises(InputError) as caught:
        parse_scorecard(text, where="card.yaml")
    assert len(caught.value.problems) == 3
    assert "3 mistakes" in str(caught.value)
    for problem in caught.value.problems:
        name, line = problem.where.split(":")
        assert name == "card.yaml"
        stated = text.splitlines()[int(line) - 1]
        assert stated.strip().startswith(("clear_floor", "tier", "new_hire_days"))


def test_a_number_must_follow_from_its_assumption() -> None:
    (message,) = mistakes(changed("fired: {operated: 4.32, elsewhere: 1.74}", "fired: {operated: 6.32}"))[:1]
    assert "is 6.32, and the assumption beside it gives 4.32" in message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("operated: 343", "operated: 300", "the assumption beside it gives"),
        ("hijacked: -13.27, ", "", "hijacked is missing"),
        ("fired: {operated: 8.97}", "fired: {operated: 8.971}", "more than two decimals"),
        ("fired: {operated: 8.97}", "fired: {operatd: 8.97}", "is not known here"),
        ("fired: {operated: 8.97}", "fired: {operated: much}", "must be a number of bits"),
        ("    proxy: true\n", "", "the assumption beside it gives"),
        ("  - dev-ipkvm-usb-signature", "  - ext-proof-archive-mail", "cannot be decisive"),
        ("  - dev-ipkvm-usb-signature", "  - net-vpn-tunnel-provider", "cannot be decisive"),
        ("  - dev-ipkvm-usb-signature", "  - dev-nothing", "has no weight"),
        ("  - dev-ipkvm-usb-signature", "  - against-live-video-check", "adds nothing to a threat"),
        ("      - household\n", "      - houshold\n", "neither weighed nor an earlier group"),
        ("      - household\n", "      - household\n      - delivery\n", "elsewhere is missing"),
        ("fairness: safe", "fairness: restricted", "is restricted is never scored"),
        ("date: 2026-11-01", "date: soon", "must be a day"),
        ("clear_weight: 0.1", "clear_weight: 2", "from 0 to 1"),
        ("    cap: 5.5\n", "    cap: 0\n", "must be above zero"),
        ("applicant: {indicators: 3", "applicant: {indicators: 0", "above zero"),
        ("  hijacked: an honest", "  hijack: an honest", "is not known here"),
        ("version:", "versio:", "version is missing"),
    ],
)
def test_one_mistake_is_named(old: str, new: str, message: str) -> None:
    assert any(message in told for told in mistakes(changed(old, new)))


def test_a_proxy_above_one_bit_is_refused() -> None:
    text = TEXT.replace("fired: {operated: 1.00}", "fired: {operated: 1.50}", 1)
    assert any("counts more than 1 bit" in told for told in mistakes(text))


def test_a_line_written_twice_is_refused() -> None:
    told = mistakes(TEXT + "\nclear_floor: -2\n")
    assert any("is stated a second time" in message for message in told)


def test_priors_must_not_put_everybody_on_watch() -> None:
    text = changed("operated: 1000, elsewhere: 250", "operated: 1000, elsewhere: 15")
    text = text.replace("operated: -9.95, elsewhere: -7.95", "operated: -9.95, elsewhere: -3.90", 1)
    assert any("put everybody on watch" in told for told in mistakes(text))


@pytest.mark.parametrize("text", ["", "[]", "a: [", "just words", "groups: 3\nindicators: []\npriors: 1"])
def test_what_is_no_scorecard_is_refused_in_words(text: str) -> None:
    assert mistakes(text)


# Scorecard against catalogue


def test_a_catalogue_that_agrees_has_no_problems(
    scorecard: Scorecard, catalogue: dict[str, Indicator]
) -> None:
    present = {name: item for name, item in catalogue.items() if not scorecard.weights[name].awaited}
    assert check(scorecard, present) == ()


def test_disagreements_are_told(catalogue: dict[str, Indicator]) -> None:
    line = "  dev-day1-recon:\n    tier: 2\n    fairness: safe\n"
    scorecard = parse_scorecard(changed(line, line + "    awaited: true\n"))
    present = {name: item for name, item in catalogue.items() if not scorecard.weights[name].awaited}
    del present["dev-crd-unattended"]
    present["dev-not-weighed"] = indicator_for("dev-not-weighed", scorecard)
    present["dev-day1-recon"] = catalogue["dev-day1-recon"]
    present["net-intel-ip-hit"] = indicator_for("net-intel-ip-hit", scorecard, fairness="restricted")
    present["dev-ipkvm-usb-signature"] = indicator_for(
        "dev-ipkvm-usb-signature", scorecard, fairness="care", proxy=True
    )
    told = "\n".join(f"{problem.where}: {problem.message}" for problem in check(scorecard, present))
    assert "dev-crd-unattended: is weighed, and the catalogue has no such indicator" in told
    assert "dev-not-weighed: is active and has no weight" in told
    assert "dev-day1-recon: is no longer awaited" in told
    assert "net-intel-ip-hit: is restricted or manual" in told
    assert "dev-ipkvm-usb-signature: is decisive, and care in the catalogue" in told
    assert "dev-ipkvm-usb-signature: is a partial proxy in the catalogue or here" in told
