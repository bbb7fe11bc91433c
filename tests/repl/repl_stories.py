"""The stories as a person tells them at the prompt, a statement a line.

`NEW00001` is the first record that the recorded story made. A line of dashes ends a session, and
begins another.
"""

REPL_STORIES: dict[str, str] = {
    "sign-in": "GET account?per_page=1&page=1",
    "sign-in-refused": """\
GET lead?per_page=5&page=1
---
GET lead?per_page=5&page=1""",
    "page-through-leads": """\
GET lead?per_page=15&page=1
\\next
\\next""",
    "sort-by-revenue": (
        "GET account?fields=Name%2CAnnualRevenue&per_page=3&page=1"
        "&sort_by=AnnualRevenue&sort_order=desc"
    ),
    "find-newest-leads": """\
GET lead?per_page=5&page=1&sort_by=CreatedDate&sort_order=desc
GET lead/8YQGZDLU""",
    "open-contact-and-account": """\
GET contact?per_page=20&page=1&sort_by=LastName
GET contact/JI4IL6Z4
GET account/DBS13FCC""",
    "lead-from-web-form": """\
POST lead {"FirstName":"Siân","LastName":"Ó Briain cmdm case","Source":"Web","OptIn":"true"}
GET lead/NEW00001""",
    "add-task-and-opportunity": """\
POST account {"Name":"Harbour Lights cmdm case"}
POST account/NEW00001/task {"Subject":"Call back cmdm case","Type":"Call"}
POST account/NEW00001/opportunity {"Name":"Renewal cmdm case","Amount":"1250.00"}
GET task/NEW00002
GET opportunity/NEW00003""",
    "contact-moves": """\
POST contact {"LastName":"Okafor cmdm case","City":"York","JobTitle":"Buyer"}
GET contact/NEW00001
PUT contact/NEW00001 {"City":"Leeds","JobTitle":null}
GET contact/NEW00001""",
    "lead-becomes-account": """\
POST lead {"LastName":"Jones cmdm case","Company":"Jones & Co cmdm case"}
PUT lead/convert/NEW00001 {"Industry":"Retail"}
GET account/NEW00002
GET lead/NEW00001
PUT lead/convert/NEW00001""",
    "task-closed-stays-closed": """\
POST task {"Subject":"Send the offer cmdm case","Priority":"High"}
PUT task/close/NEW00001
GET task/NEW00001
PUT task/NEW00001 {"Notes":"Sent on Monday."}
GET task/NEW00001""",
    "event-called-off": """\
POST event {"Title":"Open day cmdm case"}
DELETE event/NEW00001
GET event/NEW00001
DELETE event/NEW00001""",
    "run-into-the-limit": """\
GET lead?per_page=10&page=1
GET lead?per_page=10&page=2
GET lead?per_page=10&page=3
---
GET lead?per_page=10&page=3""",
    "token-ends": """\
GET lead?per_page=1&page=1
GET lead?per_page=1&page=1""",
    "read-metadata": """\
GET lead/fields?per_page=200&page=1
GET opportunity/fields?per_page=200&page=1
GET task/fields""",
    "custom-entity": """\
GET product/fields?per_page=200&page=1
POST product {"Name":"Followspot cmdm case","SKU":"FS-1200","Price":"1899.90"}
PUT product/NEW00001 {"Stock":"4"}
GET product/NEW00001
GET product?per_page=3&page=1&sort_by=Price&sort_order=desc""",
    "not-found": """\
GET lead/NOSUCHID
PUT lead/NOSUCHID {"City":"Leeds"}
DELETE lead/NOSUCHID
GET invoice?per_page=5&page=1""",
    "refused-values": """\
POST lead {"Company":"No last name"}
POST lead {"LastName":"Jones","Score":"many"}
POST lead {"LastName":"Jones cmdm case","Score":"70"}
PUT lead/NEW00001 {"CreatedDate":"2026-01-01T00:00:00Z"}
GET lead/NEW00001""",
    "changed-by-another-person": """\
POST account {"Name":"Northern Stage cmdm case","City":"Leeds","Rating":"Warm"}
GET account/NEW00001
---
PUT account/NEW00001 {"City":"Hull","Rating":"Hot"}
---
GET account/NEW00001
PUT account/NEW00001 {"Description":"Asked for the brochure."}
GET account/NEW00001""",
    "server-error-retried": "GET lead?per_page=5&page=1",
    "lost-answer-reconciled": """\
POST task {"Subject":"Ring the venue cmdm case","Notes":"cmdm-story-mark"}
GET task?per_page=100&page=1&sort_by=CreatedDate&sort_order=desc
GET task/NEW00001""",
    "bulk-create-from-rows": """\
POST lead {"LastName":"Abara cmdm case","Company":"Northern Stage","Score":"70","OptIn":"true"}
POST lead {"LastName":"Ó Briain cmdm case","Company":"Harbour, Lights & Co",~
"Score":"55","OptIn":"false"}
POST lead {"LastName":"Jones cmdm case","Score":"many","OptIn":"true"}
POST lead {"LastName":"Nguyễn cmdm case","Company":"Brightside","OptIn":"true"}
POST lead {"LastName":"O'Neill cmdm case","Company":"Old Vic","Score":"12.5","OptIn":"false"}
POST lead {"LastName":"Şahin cmdm case","Company":"Riverside","Score":"90","OptIn":"true"}
GET lead?fields=LastName&per_page=5&page=1&sort_by=CreatedDate&sort_order=desc""".replace(
        "~\n", ""
    ),
    "plan-the-week": """\
GET task?fields=Subject%2CStatus%2CDueDate&per_page=20&page=1&sort_by=DueDate&sort_order=desc
GET task/NRJKLKV3
POST task {"Subject":"Follow up cmdm case","DueDate":"2026-04-07"}
PUT task/close/NEW00001
GET task/NEW00001""",
}

REFUSED: dict[str, list[str]] = {
    "sign-in-refused": ["AuthenticationFailed"],
    "lead-becomes-account": ["BadRequest"],
    "event-called-off": ["NotFound", "NotFound"],
    "run-into-the-limit": ["HourLimitReached"],
    "read-metadata": ["NotFound"],
    "not-found": ["NotFound"] * 4,
    "refused-values": ["BadRequest"] * 3,
    "lost-answer-reconciled": ["OutcomeUnknown"],
    "bulk-create-from-rows": ["BadRequest"],
}
"""The errors that a person sees, in their order; in the other stories there is none."""
