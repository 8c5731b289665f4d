"""Cases: assessments that people work on, from the first look to a verdict and its evidence package.

* `document` freezes one assessment with its evidence, links and versions; every face shows that object.
* `assessments` keeps the latest document of each subject, so that lists and pages need no new run.
* `opening` opens cases, by hand or by rule; `work` adds notes, assignments and verdicts to them.
* `finding` lists, shows and finds them.

Every view and every change is entered in the audit log in the same transaction, or does not happen.
"""

from pickglass.cases.assessments import latest_assessments, save_run, view_assessment
from pickglass.cases.document import document, freeze
from pickglass.cases.finding import count_cases, find, find_subjects, frozen_document, list_cases, show_case
from pickglass.cases.opening import open_case, open_for
from pickglass.cases.records import Case, CaseFile, CaseSummary, LatestAssessment, Note, Verdict
from pickglass.cases.work import add_note, assign, erase_subject, set_verdict

__all__ = [
    "Case",
    "CaseFile",
    "CaseSummary",
    "LatestAssessment",
    "Note",
    "Verdict",
    "add_note",
    "assign",
    "count_cases",
    "document",
    "erase_subject",
    "find",
    "find_subjects",
    "freeze",
    "frozen_document",
    "latest_assessments",
    "list_cases",
    "open_case",
    "open_for",
    "save_run",
    "set_verdict",
    "show_case",
    "view_assessment",
]
