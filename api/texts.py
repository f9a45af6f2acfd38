"""Every word of the pages in both languages: one table, one row a text.

A missing language is a type error, a missing key a KeyError; the tests read every key in use.
"""

from collections.abc import Mapping
from types import MappingProxyType

from inventory.model import Name
from monitor.sentences import SENTENCES
from monitor.values import LinkState

LANGUAGES = ("ka", "en")
"""The first is taken when a browser asks for neither."""

TEXTS: Mapping[str, Name] = MappingProxyType(
    {
        # head and foot of every page
        "network": Name("network", "ქსელი"),
        "nav": Name("Pages", "გვერდები"),
        "nav.now": Name("Now", "ახლა"),
        "nav.incidents": Name("Incidents", "ინციდენტები"),
        "nav.services": Name("Services", "სერვისები"),
        "nav.reports": Name("Reports", "ანგარიშები"),
        "nav.public": Name("Public page", "საჯარო გვერდი"),
        "skip": Name("Skip to content", "შიგთავსზე გადასვლა"),
        "language": Name("Language", "ენა"),
        "theme": Name("Theme", "თემა"),
        "theme.light": Name("Light", "ღია"),
        "theme.dark": Name("Dark", "მუქი"),
        "last_poll": Name("Last poll", "ბოლო გამოკითხვა"),
        "never": Name("never", "არასდროს"),
        "ago": Name("{age} ago", "{age} წინ"),
        "keys": Name(
            "Keys: / find a link, j and k move, n now, i incidents, r reports, l language, t theme",
            "კლავიშები: / არხის ძებნა, j და k გადაადგილება, n ახლა, i ინციდენტები, r ანგარიშები, "
            "l ენა, t თემა",
        ),
        # states of links, devices and sites
        **{key: SENTENCES[key] for key in (f"state.{state}" for state in LinkState)},
        # what an incident may be
        "incident.open": Name("open", "ღიაა"),
        "incident.acknowledged": Name("acknowledged", "მიღებულია"),
        "incident.closed": Name("closed", "დახურულია"),
        "severity.critical": Name("critical", "კრიტიკული"),
        "severity.major": Name("major", "მნიშვნელოვანი"),
        "severity.minor": Name("minor", "მცირე"),
        "kind.link": Name("link", "არხი"),
        "kind.device": Name("device", "მოწყობილობა"),
        "kind.service": Name("service", "სერვისი"),
        "kind.site": Name("site", "ობიექტი"),
        # stale and broken
        "stale.never": Name(
            "Nothing was polled yet. All states are unknown.",
            "გამოკითხვა ჯერ არ ჩატარებულა. ყველა მდგომარეობა უცნობია.",
        ),
        "stale.stale": Name(
            "The data are old: the last poll was {age} ago. States are unknown.",
            "მონაცემები მოძველებულია: ბოლო გამოკითხვიდან გასულია {age}. მდგომარეობა უცნობია.",
        ),
        "stale.numbers": Name(
            "The database of measurements can't be read. States are true, numbers are missing.",
            "გაზომვების ბაზა მიუწვდომელია. მდგომარეობები სწორია, მხოლოდ რიცხვები აკლია.",
        ),
        "stale.away": Name(
            "The store can't be read. All states are unknown.",
            "მონაცემთა საცავი მიუწვდომელია. ყველა მდგომარეობა უცნობია.",
        ),
        "stale.stream": Name(
            "The connection to the server is lost. What is true now is unknown.",
            "სერვერთან კავშირი დაკარგულია. ამჟამინდელი მდგომარეობა უცნობია.",
        ),
        "no_script": Name(
            "Without JavaScript the page renews itself every 30 seconds.",
            "JavaScript-ის გარეშე გვერდი ყოველ 30 წამში ახლდება.",
        ),
        # now
        "now.title": Name("Now", "ახლა"),
        "now.links": Name("links", "არხი"),
        "now.devices": Name("devices answer", "მოწყობილობა პასუხობს"),
        "now.of": Name("{some} of {all}", "{all}-დან {some}"),
        "now.show_only": Name("Show only: {state}", "მხოლოდ: {state}"),
        "now.find": Name("Find a link", "არხის ძებნა"),
        "incidents.open": Name("Open incidents", "ღია ინციდენტები"),
        "incidents.none": Name("No open incidents", "ღია ინციდენტები არ არის"),
        "incidents.more": Name("{count} more", "კიდევ {count}"),
        "incidents.hits": Name("hits", "შეეხო:"),
        "incidents.recent": Name("Closed in the last 30 days", "დახურული ბოლო 30 დღეში"),
        "incidents.none_recent": Name("None", "არ არის"),
        "incident": Name("Incident", "ინციდენტი"),
        "incident.cause": Name("Cause", "მიზეზი"),
        "incident.state": Name("State", "მდგომარეობა"),
        "incident.severity": Name("Severity", "სიმძიმე"),
        "incident.opened": Name("Opened", "გაიხსნა"),
        "incident.closed_at": Name("Closed", "დაიხურა"),
        "incident.summary": Name("What happened", "რა მოხდა"),
        "incident.affected": Name("Hits", "ეხება"),
        "incident.timeline": Name("Timeline", "მოვლენები"),
        "incident.by": Name("By", "ვინ"),
        "by.monitor": Name("monitor", "მონიტორინგი"),
        "incident.lasted": Name("Lasted", "ხანგრძლივობა"),
        "map": Name("Map", "რუკა"),
        "map.title": Name("Map of the network", "ქსელის რუკა"),
        "map.man": Name("{site}: metropolitan network", "{site}: საქალაქო ქსელი"),
        "map.primary": Name("primary", "ძირითადი"),
        "map.backup": Name("backup", "სარეზერვო"),
        "map.use": Name("Use of each direction", "დატვირთვა მიმართულებით"),
        # table of links
        "table.title": Name("Links", "არხები"),
        "table.link": Name("Link", "არხი"),
        "table.state": Name("State", "მდგომარეობა"),
        "table.since": Name("For", "დრო"),
        "table.in": Name("In", "შემავ."),
        "table.out": Name("Out", "გამავ."),
        "table.use": Name("Use", "დატვ."),
        "table.in_long": Name("Traffic towards end A", "ტრაფიკი A ბოლოსკენ"),
        "table.out_long": Name("Traffic away from end A", "ტრაფიკი A ბოლოდან"),
        "table.use_long": Name(
            "Share of the bandwidth: in above, out below",
            "გამტარობის წილი: ზემოთ შემავალი, ქვემოთ გამავალი",
        ),
        "unit.mbps": Name("Mb/s", "მბ/წმ"),
        "unit.gbps": Name("Gb/s", "გბ/წმ"),
        "unit.kbps": Name("kb/s", "კბ/წმ"),
        "unit.bps": Name("b/s", "ბ/წმ"),
        "unit.per_s": Name("per second", "წამში"),
        "unit.ms": Name("ms", "მწმ"),
        "age.s": Name("{n} s", "{n} წმ"),
        "age.m": Name("{n} min", "{n} წთ"),
        "age.h": Name("{n} h", "{n} სთ"),
        "age.d": Name("{n} d", "{n} დღე"),
        # roles
        "role.core": Name("Core", "ბირთვი"),
        "role.man": Name("Metropolitan network", "საქალაქო ქსელი"),
        "role.wan-primary": Name("Districts, primary", "მუნიციპალიტეტები, ძირითადი"),
        "role.wan-backup": Name("Districts, backup", "მუნიციპალიტეტები, სარეზერვო"),
        "role.access": Name("Access switches", "წვდომის კომუტატორები"),
        "role.school": Name("Schools", "სკოლები"),
        "role.tbilisi-primary": Name("Tbilisi, primary", "თბილისი, ძირითადი"),
        "role.tbilisi-backup": Name("Tbilisi, backup", "თბილისი, სარეზერვო"),
        "site_role.hub": Name("hub", "ცენტრი"),
        "site_role.office": Name("office", "ოფისი"),
        "site_role.district": Name("district centre", "მუნიციპალური ცენტრი"),
        "site_role.school": Name("school", "სკოლა"),
        "site_role.gateway": Name("gateway", "გარე კვანძი"),
        "device_role.core": Name("core router", "ბირთვის მარშრუტიზატორი"),
        "device_role.distribution": Name("distribution router", "განაწილების მარშრუტიზატორი"),
        "device_role.edge": Name("edge router", "სასაზღვრო მარშრუტიზატორი"),
        "device_role.district": Name("district router", "მუნიციპალიტეტის მარშრუტიზატორი"),
        "device_role.school": Name("school router", "სკოლის მარშრუტიზატორი"),
        "device_role.gateway": Name("gateway router", "გარე კვანძის მარშრუტიზატორი"),
        "device_role.dc-switch": Name("data-centre switch", "მონაცემთა ცენტრის კომუტატორი"),
        "device_role.office-switch": Name("office switch", "ოფისის კომუტატორი"),
        "device_role.district-switch": Name("district switch", "მუნიციპალიტეტის კომუტატორი"),
        "device_role.school-switch": Name("school switch", "სკოლის კომუტატორი"),
        "continued": Name("continued", "გაგრძელება"),
        # link
        "link": Name("Link", "არხი"),
        "link.facts": Name("Circuit", "არხის მონაცემები"),
        "link.end_a": Name("End A", "A ბოლო"),
        "link.end_b": Name("End B", "B ბოლო"),
        "link.role": Name("Role", "დანიშნულება"),
        "link.bandwidth": Name("Bandwidth", "გამტარობა"),
        "link.use": Name("Use", "დატვირთვა"),
        "link.provider": Name("Provider", "პროვაიდერი"),
        "link.target": Name("Target", "მიზნობრივი მაჩვენებელი"),
        "link.as_of": Name("Last reading", "ბოლო მონაცემი"),
        "link.history": Name("State history", "მდგომარეობის ისტორია"),
        "link.month": Name("Availability this month", "ხელმისაწვდომობა ამ თვეში"),
        "link.outages": Name("Outages", "გათიშვები"),
        "graph.traffic": Name("Traffic", "ტრაფიკი"),
        "graph.errors": Name("Errors", "შეცდომები"),
        "graph.discards": Name("Discarded packets", "უარყოფილი პაკეტები"),
        "graph.rtt": Name("Latency", "დაყოვნება"),
        "graph.loss": Name("Loss", "დანაკარგი"),
        "graph.in": Name("in", "შემავალი"),
        "graph.out": Name("out", "გამავალი"),
        "graph.max": Name("greatest", "მაქსიმუმი"),
        "graph.empty": Name("No data in this period", "ამ პერიოდში მონაცემები არ არის"),
        "graph.failed": Name("The graph could not be read", "გრაფიკის წაკითხვა ვერ მოხერხდა"),
        "graph.numbers": Name("Numbers", "რიცხვები"),
        "range": Name("Period", "პერიოდი"),
        "range.hour": Name("hour", "საათი"),
        "range.day": Name("day", "დღე"),
        "range.week": Name("week", "კვირა"),
        "range.month": Name("month", "თვე"),
        "range.year": Name("year", "წელი"),
        "medium.fibre": Name("fibre", "ოპტიკური ბოჭკო"),
        "medium.copper": Name("copper", "სპილენძი"),
        "medium.microwave": Name("microwave", "რადიორელე"),
        "provider.own": Name("own", "საკუთარი"),
        # what a reading is worth
        "quality.good": Name("good", "სანდოა"),
        "quality.wrap": Name("counter wrapped", "მთვლელი გადაივსო"),
        "quality.first": Name("first reading", "პირველი წაკითხვა"),
        "quality.reset": Name("counter reset", "მთვლელი განულდა"),
        "quality.discontinuity": Name("counter set anew", "მთვლელი თავიდან დაიწყო"),
        "quality.renumbered": Name("interface renumbered", "ინტერფეისის ნომერი შეიცვალა"),
        "quality.late": Name("late", "დაგვიანებულია"),
        "quality.clock-step": Name("clock step", "საათის ნახტომი"),
        "quality.over-line-rate": Name("over line rate", "აღემატება გამტარობას"),
        "quality.ambiguous": Name("ambiguous", "ორაზროვანია"),
        "quality.missing": Name("missing", "მონაცემი არ არის"),
        "quality.stale": Name("stale", "მოძველებულია"),
        "quality.unreachable": Name("unreachable", "მიუწვდომელია"),
        # site
        "site": Name("Site", "ობიექტი"),
        "site.devices": Name("Devices", "მოწყობილობები"),
        "site.links": Name("Links", "არხები"),
        "site.path": Name("Path to {site}", "გზა: {site}"),
        "site.no_path": Name("No path is up", "მოქმედი გზა არ არის"),
        "site.availability": Name("Availability this month", "ხელმისაწვდომობა ამ თვეში"),
        "device.name": Name("Device", "მოწყობილობა"),
        "device.role": Name("Role", "დანიშნულება"),
        "device.hardware": Name("Model", "მოდელი"),
        "device.uptime": Name("Running for", "მუშაობის დრო"),
        "device.rtt": Name("Poll", "გამოკითხვა"),
        "device.cpu": Name("CPU", "პროცესორი"),
        "device.memory": Name("Memory", "მეხსიერება"),
        "device.temperature": Name("Temperature", "ტემპერატურა"),
        "pings": Name("Pings", "პინგი"),
        "pings.note": Name(
            "From the NOC, the whole way: the last minutes. Of a link its far end is pinged.",
            "მართვის ცენტრიდან, მთელ გზაზე, ბოლო წუთებში. არხისთვის მოწმდება მისი შორეული ბოლო.",
        ),
        "pings.site": Name("the site itself", "თავად ობიექტი"),
        "pings.target": Name("Target", "სამიზნე"),
        "graph.jitter": Name("Jitter", "ჯიტერი"),
        "routing": Name("Routing", "მარშრუტიზაცია"),
        "routing.neighbour": Name("Neighbour", "მეზობელი"),
        "routing.over": Name("Over", "არხი ან მისამართი"),
        "routing.prefixes": Name("Prefixes", "პრეფიქსები"),
        # services
        "service.name": Name("Service", "სერვისი"),
        "service.asked": Name("Checked", "მოწმდება"),
        "service.took": Name("Answer", "პასუხი"),
        "service.status": Name("HTTP status", "HTTP სტატუსი"),
        "service.contains": Name("its page contains: {what}", "გვერდი შეიცავს: {what}"),
        "service.expects": Name("expected: {what}", "უნდა იყოს: {what}"),
        "service.certificate_days": Name("Certificate, days", "სერტიფიკატი, დღე"),
        "service.reason": Name("Why", "მიზეზი"),
        "service.none": Name("There are no services to check.", "შესამოწმებელი სერვისი არ არის."),
        # what devices tell by themselves
        "told.title": Name("Traps and log", "ტრაპები და ჟურნალი"),
        "told.at": Name("Time", "დრო"),
        "told.source": Name("Source", "წყარო"),
        "told.trap": Name("trap", "ტრაპი"),
        "told.syslog": Name("log", "ჟურნალი"),
        "told.severity": Name("Severity", "სიმძიმე"),
        "told.text": Name("Text", "ტექსტი"),
        "told.severity.0": Name("emergency", "საგანგებო"),
        "told.severity.1": Name("alert", "განგაში"),
        "told.severity.2": Name("critical", "კრიტიკული"),
        "told.severity.3": Name("error", "შეცდომა"),
        "told.severity.4": Name("warning", "გაფრთხილება"),
        "told.severity.5": Name("notice", "შენიშვნა"),
        "told.severity.6": Name("info", "ინფორმაცია"),
        "told.severity.7": Name("debug", "გამართვა"),
        # reports
        "reports.availability": Name("Availability", "ხელმისაწვდომობა"),
        "reports.by": Name("By", "ჭრილი"),
        "reports.by.site": Name("site", "ობიექტი"),
        "reports.by.link": Name("link", "არხი"),
        "reports.by.provider": Name("provider", "პროვაიდერი"),
        "reports.month": Name("Month", "თვე"),
        "reports.show": Name("Show", "ჩვენება"),
        "reports.target": Name("Target", "მიზანი"),
        "reports.met": Name("met", "შესრულდა"),
        "reports.missed": Name("missed", "ვერ შესრულდა"),
        "reports.unknown": Name("not known", "უცნობია"),
        "reports.outages": Name("Outages", "გათიშვები"),
        "reports.down": Name("Own fault", "საკუთარი"),
        "reports.upstream": Name("Upstream", "ზემდგომი"),
        "reports.maintenance": Name("Announced work", "დაგეგმილი"),
        "reports.blind": Name("Not known", "უცნობი"),
        "reports.note": Name(
            "Announced work and time when nobody could tell count neither way.",
            "დაგეგმილი სამუშაოები და უცნობი დრო მაჩვენებელში არ ითვლება.",
        ),
        "reports.download": Name("Download", "ჩამოტვირთვა"),
        # public page
        "public.title": Name("Is the network working?", "მუშაობს თუ არა ქსელი?"),
        "public.lead": Name(
            "Municipalities and community schools of the region, right now.",
            "რეგიონის მუნიციპალიტეტები და სკოლები, ამ წუთში.",
        ),
        "public.all_up": Name("Everything works", "ყველაფერი მუშაობს"),
        "public.some_down": Name("Not working: {count}", "არ მუშაობს: {count}"),
        "public.not_known": Name("Not known: {count}", "უცნობია: {count}"),
        "public.planned": Name("Planned work: {count}", "დაგეგმილი სამუშაოები: {count}"),
        "public.districts": Name("Municipalities", "მუნიციპალიტეტები"),
        "public.schools": Name("Community schools", "სათემო სკოლები"),
        "public.up": Name("works", "მუშაობს"),
        "public.degraded": Name("works with problems", "მუშაობს ხარვეზით"),
        "public.down": Name("does not work", "არ მუშაობს"),
        "public.unknown": Name("not known", "უცნობია"),
        "public.maintenance": Name("planned work", "დაგეგმილი სამუშაოები"),
        "public.as_of": Name("As of", "მდგომარეობა:"),
        # errors
        "error.404": Name("There is no such page", "ასეთი გვერდი არ არსებობს"),
        "error.422": Name("The request can't be understood", "მოთხოვნა გაუგებარია"),
        "error.503": Name("Not available at the moment", "ამჟამად მიუწვდომელია"),
        "error.500": Name("Something went wrong here", "მოხდა შეცდომა"),
        "error.back": Name("To the first page", "მთავარ გვერდზე"),
    }
)


def text(key: str, language: str, **values: object) -> str:
    """The text of `key`, with {placeholders} filled; KeyError when there is no such text."""
    name = TEXTS[key]
    words = name.ka if language == "ka" else name.en
    return words.format(**values) if values else words


def chosen_language(query: str | None, cookie: str | None, accepted: str) -> str:
    """The language of a request: its `lang`, its cookie, its Accept-Language, else the first."""
    for wish in (query, cookie):
        if wish in LANGUAGES:
            return wish
    ranked = []
    for position, part in enumerate(accepted.split(",")):
        tag, _, parameters = part.strip().partition(";")
        weight = parameters.strip().removeprefix("q=") if parameters else "1"
        try:
            ranked.append((-float(weight), position, tag.split("-")[0].lower()))
        except ValueError:
            continue
    for _, _, tag in sorted(ranked):
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]
