"""pickglass as a library: load a folder of exports, assess everybody, and write down who needs a look.

    python examples/library.py EXPORTS HOME

EXPORTS may be any folder of vendor exports; `pickglass simulate` writes one to try it on.
"""

import sys
from pathlib import Path

import pickglass
from pickglass.faces.exports.report import write_report
from pickglass.faces.exports.run_document import run_document


def main(exports: Path, home: Path) -> None:
    """Print one line for each subject that needs a look, with the strongest indicator, masked."""
    settings = pickglass.load_settings(home)
    try:
        run = pickglass.run(settings, [exports])
    except pickglass.PickglassError as error:
        sys.exit(f"{error}")  # what, where, why, and a hint

    document = run_document(run)  # the shape of `pickglass run --json`
    records = document["load"]["records"]
    print(f"{records['read']} records read, {records['rejected']} rejected")
    for subject in document["subjects"]:
        if subject["band"] in ("act", "review"):
            strongest = subject["fired"][0]
            print(f"{subject['band']:<7}{subject['id']}  {strongest['title']}: {strongest['sentence']}")
    print(f"{len(document['subjects'])} subjects assessed")

    first = document["subjects"][0]["id"]
    case_document = pickglass.show_subject(settings, first)  # this view is entered in the audit log
    print(f"{first} was assessed with scorecard {case_document['versions']['scorecard']}")
    print(f"the report is {write_report(run, home / 'report.html')}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
