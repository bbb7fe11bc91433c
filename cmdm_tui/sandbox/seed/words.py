"""The words of the seed data: a small British firm that supplies staging, lighting and furniture.

Telephone numbers lie in the ranges that Ofcom keeps for drama, and names of hosts end in `.example`
(RFC 2606), so that nothing here reaches anyone.
"""

from dataclasses import dataclass


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(";"))


@dataclass(frozen=True, slots=True)
class Town:
    """A town, its county, its postcode area, and the drama range of telephone numbers near it."""

    name: str
    county: str
    area: str
    phone: str


# The last three digits of a number are free: 020 7946 0000 to 0999, 01632 960000 to 960999, …
_ELSEWHERE = "01632 960{:03}"
TOWNS = (
    Town("London", "Greater London", "SE", "020 7946 0{:03}"),
    Town("London", "Greater London", "N", "020 7946 0{:03}"),
    Town("London", "Greater London", "EC", "020 7946 0{:03}"),
    Town("Leeds", "West Yorkshire", "LS", "0113 496 0{:03}"),
    Town("Sheffield", "South Yorkshire", "S", "0114 496 0{:03}"),
    Town("Nottingham", "Nottinghamshire", "NG", "0115 496 0{:03}"),
    Town("Leicester", "Leicestershire", "LE", "0116 496 0{:03}"),
    Town("Bristol", "Bristol", "BS", "0117 496 0{:03}"),
    Town("Reading", "Berkshire", "RG", "0118 496 0{:03}"),
    Town("Birmingham", "West Midlands", "B", "0121 496 0{:03}"),
    Town("Edinburgh", "Midlothian", "EH", "0131 496 0{:03}"),
    Town("Glasgow", "Lanarkshire", "G", "0141 496 0{:03}"),
    Town("Liverpool", "Merseyside", "L", "0151 496 0{:03}"),
    Town("Manchester", "Greater Manchester", "M", "0161 496 0{:03}"),
    Town("Newcastle upon Tyne", "Tyne and Wear", "NE", "0191 498 0{:03}"),
    Town("Cardiff", "South Glamorgan", "CF", "029 2018 0{:03}"),
    Town("Belfast", "County Antrim", "BT", "028 9649 6{:03}"),
    Town("Bath", "Somerset", "BA", _ELSEWHERE),
    Town("Bury St Edmunds", "Suffolk", "IP", _ELSEWHERE),
    Town("Cambridge", "Cambridgeshire", "CB", _ELSEWHERE),
    Town("Caernarfon", "Gwynedd", "LL", _ELSEWHERE),
    Town("Chester", "Cheshire", "CH", _ELSEWHERE),
    Town("Exeter", "Devon", "EX", _ELSEWHERE),
    Town("Harrogate", "North Yorkshire", "HG", _ELSEWHERE),
    Town("Hebden Bridge", "West Yorkshire", "HX", _ELSEWHERE),
    Town("Hereford", "Herefordshire", "HR", _ELSEWHERE),
    Town("Inverness", "Inverness-shire", "IV", _ELSEWHERE),
    Town("King's Lynn", "Norfolk", "PE", _ELSEWHERE),
    Town("Norwich", "Norfolk", "NR", _ELSEWHERE),
    Town("Oxford", "Oxfordshire", "OX", _ELSEWHERE),
    Town("Shrewsbury", "Shropshire", "SY", _ELSEWHERE),
    Town("St Andrews", "Fife", "KY", _ELSEWHERE),
    Town("Stow-on-the-Wold", "Gloucestershire", "GL", _ELSEWHERE),
    Town("Truro", "Cornwall", "TR", _ELSEWHERE),
    Town("Winchester", "Hampshire", "SO", _ELSEWHERE),
    Town("Ynys Môn", "Anglesey", "LL", _ELSEWHERE),
    Town("York", "North Yorkshire", "YO", _ELSEWHERE),
)

FIRST_NAMES = _listed(
    "Adaeze;Agnieszka;Aisha;Alan;Alasdair;Alice;Amelia;Amir;Andrew;Angharad;Anita;Anna;"
    "Anneliese;Arjun;Barbara;Ben;Bethan;Beverley;Bronwen;Callum;Carol;Catrin;Charlotte;Chidi;"
    "Chloé;Clare;Colin;Craig;Daniel;David;Dawn;Deborah;Declan;Deepak;Derek;Donna;Douglas;"
    "Eilidh;Eleanor;Emily;Emma;Fatima;Fiona;Francesca;Gareth;Gavin;Gemma;George;Georgina;"
    "Gillian;Gordon;Graham;Hamish;Hannah;Harriet;Harry;Hassan;Heather;Helen;Hugh;Iain;Imogen;"
    "Imran;Isla;Ivor;Jack;Jacqueline;James;Jane;Jean-Paul;Jennifer;Joan;Joanne;John;Joyce;"
    "Karen;Kate;Keith;Kevin;Kirsty;Kwame;Laura;Lesley;Lewis;Linda;Louise;Lowri;Lucy;Maeve;"
    "Margaret;Mark;Martin;Mary;Megan;Michelle;Mohammed;Morag;Ngozi;Niamh;Nicola;Nigel;Nisha;"
    "Noor;Olivia;Owen;Patricia;Patrick;Paul;Pauline;Peter;Philippa;Priya;Rachel;Rajesh;"
    "Rebecca;René;Rhys;Richard;Robert;Róisín;Rosie;Ruth;Sadiq;Sally;Samantha;Sarah;Saoirse;"
    "Seán;Sharon;Siân;Simon;Sinéad;Siobhán;Sophie;Stephen;Steven;Stuart;Sunita;Susan;Tariq;"
    "Thandiwe;Thomas;Tomasz;Tracy;Trevor;Valerie;Victoria;William;Yasmin;Yusuf;Zoë"
)

# With the common ones of `british_names`: what software gets wrong about names.
ODD_LAST_NAMES = _listed(
    "O'Neill;O'Brien;McDonald;MacDonald;Macdonald;van der Berg;de Souza;Ap Rhys;Lloyd-Jones;"
    "Fitzgerald-Moore;St John;Müller;Nuñez;Kovačević;Łukasiewicz;Ó Súilleabháin;D'Arcy;Khan;"
    "Patel;Okonkwo;Ng;Åkesson;ffoulkes;SMITH;jones"
)

TRADES = _listed(
    "Joinery;Logistics;Catering;Interiors;Events;Lighting;Brewery;Engineering;Consulting;"
    "Motors;Bakery;Textiles;Foods;Garden Centre;Surveyors;Architects;Print;Packaging;Energy;"
    "Dental Practice;Veterinary Group;Hotels;Letting Agents;Solicitors;Media;Software;"
    "Care Homes;Roofing;Theatre;Farm Shop"
)

PLACES = _listed(
    "Pennine;Wharfedale;Thameside;Fenland;Cotswold;Mersey;Severn Vale;Lothian;Tamar;Calder;"
    "Solent;Wye Valley;Northumbrian;Clwyd;Weald;Peak;Broadland;Trent;Clyde;Eryri"
)

COMPANY_FORMS = (
    "{last} & Sons Ltd",
    "{last} {trade} Ltd",
    "{place} {trade} Ltd",
    "{place} {trade} plc",
    "{last} {other} LLP",
    "{last}, {other} and Partners",
    "{first} {last} {trade}",
    "{place} {trade}",
    "{town} {trade} Ltd",
    "{town} {trade} CIC",
)
ODD_COMPANIES = (
    "ÅSA Interiors",
    "nine elms studio",
    "Café Clwyd Ltd",
    "THE OLD DAIRY",
    "Ystrad Dŵr Cyf.",
    "Smith & Smith & Smith",
    "3 Rivers Events",
    "l'Atelier Bristol",
    "Zoë's Kitchen",
    "The “Quoted” Company",
)

JOB_TITLES = _listed(
    "Managing Director;Director;Operations Manager;Office Manager;Facilities Manager;"
    "Events Manager;Events Co-ordinator;Marketing Manager;Head of Procurement;Buyer;"
    "Finance Director;Accounts Assistant;Owner;Partner;Venue Manager;Technical Manager;"
    "Production Manager;Stage Manager;Site Manager;Bursar;Head Teacher;Practice Manager;"
    "General Manager;Company Secretary;PA to the Managing Director;Chair of Trustees;"
    "Churchwarden;IT Manager"
)

OWNERS = ("Priya Shah", "Tom Ellison", "Siân Morgan", "Callum McLeod", "Zoë Hartley", "Joe O'Dowd")

COUNTRIES = ("England", "Scotland", "Wales", "Northern Ireland")
COUNTRY_OF_AREA = {
    "EH": "Scotland",
    "G": "Scotland",
    "IV": "Scotland",
    "KY": "Scotland",
    "CF": "Wales",
    "LL": "Wales",
    "BT": "Northern Ireland",
}

DESCRIPTIONS = (
    "Family firm, {count} sites. Invoices go to head office in {town}.",
    "Customer since {year}. Pays within 30 days; prefers a call to an e-mail.",
    "Hires furniture twice a year. Ask for {owner} when they ring about collection.",
    "Met at the {town} trade day. Looking to replace their old dimmer racks.",
    "Account on stop from January to March {year}; settled since.",
    "Deliveries before 10:00 only - the yard gate is locked after that.\nHeight limit 3.2 m.",
)

NOTES = (
    "Rang on {day}; out of the office until the Thursday. Try the mobile.",
    "Wants prices for {count} chairs and {count} tables, delivered to {town}.",
    "Very interested, but the budget isn't signed off until April.",
    "Not the right person - passed us on to accounts.",
    "Left a voicemail. Second attempt.",
    "Asked for the brochure & the hire terms; sent both on {day}.",
    "Has used us before (wedding at {town}), was happy with the crew.",
    "Prefers e-mail. Please don't ring during school hours.",
    "Site visit went well.\nNeeds a quote for: staging 6 x 4 m, {count} lamps, 2 crew.",
    "Price is the sticking point: a competitor quoted £{count}0 less.",
    "Parle français; asked for terms in French too.",
    "Follow up after the {town} event.",
)

SUBJECTS = {
    "Call": (
        "Ring {who} about the quote",
        "Call back: {who}",
        "Chase invoice with {who}",
        "Ring to confirm delivery to {town}",
    ),
    "Email": (
        "Send brochure to {who}",
        "E-mail revised quote to {who}",
        "Send hire terms",
        "Reply to {who}'s question on staging",
    ),
    "Meeting": (
        "Site visit, {town}",
        "Meet {who}",
        "Quarterly review with {who}",
        "Demo of moving heads for {who}",
    ),
    "To do": (
        "Check stock for {town} job",
        "Update price list for {who}",
        "Book van for {town}",
        "Credit check: {who}",
    ),
}

DEALS = (
    "{count} banquet chairs",
    "Summer hire",
    "Stage and lighting, {town}",
    "Conference package",
    "Warehouse relight",
    "Christmas party hire",
    "Annual service contract",
    "Signage refresh",
    "Theatre refit, phase {phase}",
    "Marquee furniture",
)

EVENT_TITLES = (
    "Trade Lighting Day",
    "Safe Rigging Workshop",
    "Open Day",
    "Spring Hire Fair",
    "Sound & Stage Expo",
    "Venue Managers' Breakfast",
    "Webinar: LED retrofits",
    "Webinar: Hire terms explained",
    "Noson Agored",
    "Christmas Showcase",
)
VENUES = (
    "Corn Exchange",
    "Town Hall",
    "Guildhall",
    "The Old Mill",
    "Riverside Centre",
    "Assembly Rooms",
    "St Mary's Hall",
    "Neuadd y Dref",
)

PRODUCTS = {
    "Consumables": ("Gaffer tape", "Lamp", "Cable tie", "Smoke fluid", "Colour gel", "Battery"),
    "Furniture": ("Banquet chair", "Trestle table", "Poseur table", "Bar stool", "Lectern"),
    "Hire": ("Marquee", "Generator", "Dance floor", "Crowd barrier", "Portable bar"),
    "Lighting": ("Moving head", "LED par", "Followspot", "Festoon", "Dimmer rack", "Uplighter"),
    "Services": ("Rigging crew", "Site survey", "PAT testing", "Delivery", "Safety inspection"),
    "Signage": ("Pull-up banner", "A-board", "Fascia sign", "Wayfinding post", "Vinyl lettering"),
    "Software": ("Cue planner", "Stock tracker", "Lighting visualiser"),
    "Staging": ("Stage deck", "Truss", "Stage step", "Handrail", "Scissor lift", "Drape"),
}
PRODUCT_KINDS = ("mini", "standard", "Pro", "XL", "2 m", "3 m", "outdoor", "MkII", "eco", "black")
