"""Words that are in any text by chance: as the name of a user, they are not searched for.

A service's own words are among them: a user named `lead` would be found in every path. A client
secret and a password are searched for, whatever they are.
"""

from cmdm_tui.redaction.secret_matcher import SHORTEST_SECRET

_IDENTIFIERS = frozenset({"client_id", "username"})
"""The values of a sign-in that only say who signs in."""

_OF_THE_API = """
account accounts address alias allow amount answer application asc authenticate authentication
authorization bearer body boolean call calls campaign capacity case category close closed code
company contact contacts content convert converted create created currency custom customer data
date datetime default delete deleted desc description documented email employees entity error event
events external externalid fault field fields form format forms get header html http https industry
information integration json label lead leads length limit list listed lookup mail maxlength message
method mobile modified month name names note notes number opportunity opportunities option options
order other owner page pages parameter password path per_page person phone picklist plain post
price priority product products profile properties property quota rate rating read readonly record
records refused remaining request required reset response result retry route same score secret
server service sort sort_by sort_order source stage status stock subject table task tasks text time
title token total totals type unauthorised unauthorized unknown update updated user username users
valid value values venue version website word words
"""

_OF_ACCOUNTS = """
accounting adam admin administrator admins agent agents analyst anonymous backup batch billing bot
build client cmdm cmdmadmin console crm crmuser cron daemon debug demo deploy dev developer
development direct director emea example export finance first general global group guest hello help
helpdesk home hook host import info install internal it jenkins job jobs last live local login main
manager managers marketing master member monitor network new null office operations operator
ops order orders partner private prod production public readonly reader reception remote report
reporting reports robot root runner sales sample sandbox script self services shared shop staff
staging standard store super superuser support sync sysadmin system team temp temporary test tester
testing tests testuser training web webhook webmaster website work worker write writer
"""

COMMON_WORDS = frozenset((_OF_THE_API + _OF_ACCOUNTS).split())
"""In lower case."""


def is_searched_for(name: str, value: str) -> bool:
    """Return whether a value of a sign-in is searched for in texts, `name` being `username`, say.

    What is not searched for is in other texts by chance: a value that is very short, and an
    identifier that is a common word.
    """
    is_common = name in _IDENTIFIERS and value.casefold() in COMMON_WORDS
    return len(value) >= SHORTEST_SECRET and not is_common
