"""Every sentence that monitoring says of a link, a device or an incident, in both languages.

One row a code; the {places} are the same in both. Names stand in the nominative: in Georgian a
colon or brackets spare them their endings.
"""

from collections.abc import Mapping
from types import MappingProxyType

from inventory.model import Name

SENTENCES: Mapping[str, Name] = MappingProxyType(
    {
        "text": Name("{text}", "{text}"),
        # states, where a sentence names one
        "state.up": Name("up", "მუშაობს"),
        "state.degraded": Name("degraded", "ხარვეზით"),
        "state.down": Name("down", "გათიშულია"),
        "state.unknown": Name("unknown", "უცნობია"),
        "state.maintenance": Name("maintenance", "სამუშაოები"),
        # what an end of a link says
        "end.never": Name("{device} never answered", "{device}: პასუხი არასდროს მოსულა"),
        "end.silent": Name("{device} does not answer", "{device} არ პასუხობს"),
        "end.absent": Name(
            "{device} {interface}: no interface of that ifName",
            "{device} {interface}: ასეთი ifName-ის ინტერფეისი არ არის",
        ),
        "end.oper_unknown": Name(
            "{device} {interface}: ifOperStatus is unknown to the device",
            "{device} {interface}: ifOperStatus მოწყობილობისთვისაც უცნობია",
        ),
        "end.old": Name(
            "{device} {interface}: last answer {age_s} s ago",
            "{device} {interface}: ბოლო პასუხი {age_s} წმ წინ",
        ),
        "end.shut": Name(
            "{device} {interface}: ifAdminStatus - expected up, found down (shut on purpose)",
            "{device} {interface}: ifAdminStatus – უნდა იყოს up, არის down (განზრახ გამორთულია)",
        ),
        "end.not_up": Name(
            "{device} {interface}: ifOperStatus - expected up, found {found}",
            "{device} {interface}: ifOperStatus – უნდა იყოს up, არის {found}",
        ),
        "end.not_present": Name(
            "{device} {interface}: ifOperStatus - expected up, found not present",
            "{device} {interface}: ifOperStatus – უნდა იყოს up, აპარატურა ადგილზე არ არის",
        ),
        "end.lower_layer": Name(
            "{device} {interface}: ifOperStatus - expected up, found down (the layer below)",
            "{device} {interface}: ifOperStatus – უნდა იყოს up, არის down (ქვედა დონე)",
        ),
        # what degrades a link
        "link.errors": Name(
            "{device} {interface}: errors - expected at most {limit} a second, found {found}",
            "{device} {interface}: შეცდომები წამში – {found}, ზღვარი {limit}",
        ),
        "link.use": Name(
            "use - expected at most {limit} of the circuit, found {found} for {polls} polls",
            "დატვირთვა – {found}, ზღვარი {limit} (ზედიზედ {polls} გამოკითხვა)",
        ),
        "link.loss": Name(
            "loss - expected at most {limit}, found {found}",
            "დანაკარგი – {found}, ზღვარი {limit}",
        ),
        "link.adjacency": Name(
            "{device}: OSPF adjacency with {neighbour} - expected full, found {found}",
            "{device}: OSPF მეზობლობა ({neighbour}) – უნდა იყოს full, არის {found}",
        ),
        "link.adjacency6": Name(
            "{device}: OSPFv3 adjacency with {neighbour} - expected full, found {found}",
            "{device}: OSPFv3 მეზობლობა ({neighbour}) – უნდა იყოს full, არის {found}",
        ),
        "link.session": Name(
            "{device}: BGP session with {peer} - expected established, found {found}",
            "{device}: BGP სესია ({peer}) – უნდა იყოს established, არის {found}",
        ),
        "link.session6": Name(
            "{device}: BGP session over IPv6 with {peer} - expected established, found {found}",
            "{device}: BGP სესია IPv6-ით ({peer}) – უნდა იყოს established, არის {found}",
        ),
        # what a service lacks
        "service.never": Name("never asked yet", "შემოწმება ჯერ არ ჩატარებულა"),
        "service.timeout": Name("no answer within {seconds} s", "პასუხი არ მოვიდა ({seconds} წმ)"),
        "service.failed": Name("can't be asked: {why}", "შემოწმება ვერ ხერხდება: {why}"),
        "service.certificate": Name("certificate: {why}", "სერტიფიკატი: {why}"),
        "service.expires": Name(
            "certificate - expected at least {limit} days, found {days}",
            "სერტიფიკატი – დარჩენილია {days} დღე, ზღვარი {limit}",
        ),
        "service.status": Name(
            "HTTP status - expected {expected}, found {found}",
            "HTTP სტატუსი – უნდა იყოს {expected}, არის {found}",
        ),
        "service.body": Name("its page does not contain: {text}", "გვერდზე არ არის ტექსტი: {text}"),
        "service.answer": Name(
            "address - expected {expected}, found {found}",
            "მისამართი – უნდა იყოს {expected}, არის {found}",
        ),
        "service.no_address": Name("{name} has no address", "{name}: მისამართი არ აქვს"),
        "service.hidden": Name("its site does not answer: {site}", "ობიექტი არ პასუხობს: {site}"),
        # why a device does not answer
        "snmp": Name(
            "SNMP at {address} port {port}: {problem}.",
            "SNMP {address}, პორტი {port}: {problem}",
        ),
        "snmp.timeout": Name("no answer within {seconds} s", "პასუხი არ მოვიდა ({seconds} წმ)"),
        "snmp.unusable": Name("no usable answer: {why}", "პასუხი გამოუსადეგარია: {why}"),
        "snmp.unsent": Name("nothing can be sent: {why}", "გაგზავნა ვერ ხერხდება: {why}"),
        "device.hidden": Name("out of reach: {cause}", "მიუწვდომელია, მიზეზი: {cause}"),
        # when nobody looks
        "never": Name(
            "never answered since the store began", "საცავის შექმნის შემდეგ პასუხი არ მოსულა"
        ),
        "stopped": Name("the monitor was stopped", "მონიტორინგი გაჩერებული იყო"),
        "nobody_polls": Name("nobody polls", "გამოკითხვა არ მიმდინარეობს"),
        "last_reading": Name("last reading {age_s} s ago", "ბოლო მონაცემი {age_s} წმ წინ"),
        "store.away": Name("{why}", "საცავი: {why}"),
        # why the store is away
        "sqlite": Name(
            "{path}: can't {doing} the database ({reason}): {what}.",
            "{path}: მონაცემთა ბაზის {doing} ვერ ხერხდება ({reason}). {what}.",
        ),
        "sqlite.foreign": Name(
            "{path}: expected a database of this program, found another's. Nothing was changed. "
            "Name another file in `store.path` of config.yaml.",
            "{path}: ეს სხვა პროგრამის მონაცემთა ბაზაა. არაფერი შეცვლილა. მიუთითეთ სხვა ფაილი: "
            "`store.path`, config.yaml.",
        ),
        "sqlite.newer": Name(
            "{path}: expected version {known} of the tables, found {found}: a newer program made "
            "it. Nothing was changed. Use that program.",
            "{path}: ცხრილების ვერსია უნდა იყოს {known}, არის {found}: ბაზა უფრო ახალმა პროგრამამ "
            "შექმნა. არაფერი შეცვლილა. გამოიყენეთ ის პროგრამა.",
        ),
        "sqlite.locked": Name(
            "another process holds it. Wait, or end that process (`fuser` names it)",
            "ფაილი სხვა პროცესს უკავია. დაელოდეთ ან დაასრულეთ ეს პროცესი (მას `fuser` აჩვენებს)",
        ),
        "sqlite.readonly": Name(
            "it, or its folder, may not be written. Give this user the right to write it",
            "ფაილში ან მის საქაღალდეში ჩაწერა აკრძალულია. მიეცით ამ მომხმარებელს ჩაწერის უფლება",
        ),
        "sqlite.damaged": Name(
            "its content is damaged. Nothing was changed. Move the file away and restart: a new "
            "one is made; `imereti store check` tells what can still be read",
            "ფაილი დაზიანებულია. არაფერი შეცვლილა. გადაიტანეთ ფაილი სხვაგან და ხელახლა გაუშვით "
            "პროგრამა: შეიქმნება ახალი; რისი წაკითხვა შეიძლება კიდევ, აჩვენებს "
            "`imereti store check`",
        ),
        "sqlite.full": Name(
            "the disk is full. Free some space; nothing that was stored is lost",
            "დისკი სავსეა. გაათავისუფლეთ ადგილი; რაც შენახული იყო, არ დაკარგულა",
        ),
        "sqlite.unopened": Name(
            "it can't be opened. Check that its folder exists and that this user may use it",
            "ფაილი არ იხსნება. შეამოწმეთ, არსებობს თუ არა მისი საქაღალდე და აქვს თუ არა ამ "
            "მომხმარებელს მისი გამოყენების უფლება",
        ),
        "sqlite.other": Name("see the reason", "იხილეთ მიზეზი ფრჩხილებში"),
        "database is locked": Name("database is locked", "ბაზა დაკავებულია"),
        "attempt to write a readonly database": Name(
            "attempt to write a readonly database", "ბაზა მხოლოდ წასაკითხია"
        ),
        "database disk image is malformed": Name(
            "database disk image is malformed", "ბაზის ფაილი დაზიანებულია"
        ),
        "file is not a database": Name("file is not a database", "ფაილი მონაცემთა ბაზა არ არის"),
        "database or disk is full": Name("database or disk is full", "დისკზე ადგილი აღარ არის"),
        "unable to open database file": Name(
            "unable to open database file", "ბაზის ფაილი ვერ გაიხსნა"
        ),
        "disk I/O error": Name("disk I/O error", "დისკი შეცდომას იძლევა"),
        "doing.read": Name("read", "წაკითხვა"),
        "doing.write": Name("write", "განახლება"),
        "doing.open": Name("open", "გახსნა"),
        "doing.back up": Name("back up", "ასლის შექმნა"),
        "influx.away": Name(
            "{url}: can't {doing}: {cause}. Is the database running, and `store.url` right?",
            "{url}: {doing} ვერ ხერხდება ({cause}). შეამოწმეთ, მუშაობს თუ არა მონაცემთა ბაზა და "
            "სწორია თუ არა `store.url`.",
        ),
        "influx.slow": Name(
            "{url}: can't {doing}: no answer in time. Is it overloaded or frozen?",
            "{url}: {doing} ვერ ხერხდება: პასუხი დროულად არ მოვიდა. შეამოწმეთ, ხომ არ არის "
            "გადატვირთული ან გაჭედილი.",
        ),
        "influx.answered": Name(
            "{url}: can't {doing} ({status}, {message}): {hint}.",
            "{url}: {doing} ვერ ხერხდება ({status}, {message}). {hint}.",
        ),
        "influx.token": Name(
            "expected a token of this server in secret {secret}, found one that it does not know. "
            "Make one, and set it",
            "სერვერი ვერ ცნობს გასაღებს, რომელიც საიდუმლოშია: {secret}. შექმენით ახალი და ჩაწერეთ",
        ),
        "influx.right": Name(
            "the token in secret {secret} may not do this. Give it the right to read and write "
            "the buckets, or use one that has it",
            "გასაღებს ამის უფლება არ აქვს: {secret}. მიეცით მას მონაცემების წაკითხვისა და "
            "ჩაწერის უფლება ან გამოიყენეთ სხვა",
        ),
        "influx.absent": Name(
            "bucket, or organisation {org}, is not there. Run: imereti store init",
            "სერვერზე არ არის ბაზა (bucket) ან ორგანიზაცია {org}. გაუშვით: imereti store init",
        ),
        "influx.spare": Name("it asks to be spared for a while", "სერვერი მოცდას ითხოვს"),
        "influx.starting": Name(
            "it is starting, or overloaded", "სერვერი ირთვება ან გადატვირთულია"
        ),
        "influx.log": Name("see its own log", "იხილეთ სერვერის ჟურნალი"),
        "influx.full": Name(
            "its disk is full, or was since it started. Free some space there and restart it: it "
            "does not go on by itself. Nothing is lost here",
            "სერვერის დისკი სავსეა ან ჩართვის შემდეგ ერთხელ შეივსო. გაათავისუფლეთ იქ ადგილი და "
            "ხელახლა ჩართეთ სერვერი: თავისით არ აღდგება. აქ არაფერი იკარგება",
        ),
        "store.unread": Name("the store was not read yet", "მონაცემთა საცავი ჯერ არ წაკითხულა"),
        "health.never": Name(
            "no poll yet: start `imereti monitor`", "დაიწყეთ გამოკითხვა: `imereti monitor`"
        ),
        "health.stale": Name(
            "the last poll is too old: is `imereti monitor` running?",
            "შეამოწმეთ, მუშაობს თუ არა `imereti monitor`",
        ),
        # announced work
        "works": Name("{reason}; seen {state}", "{reason}; ფაქტობრივად: {state}"),
        "works.why": Name(
            "{reason}; seen {state}: {why}", "{reason}; ფაქტობრივად: {state} ({why})"
        ),
        # what an incident is
        "incident.blind": Name(
            "No device answers: the monitor's own connection is the likely cause",
            "არცერთი მოწყობილობა არ პასუხობს: სავარაუდო მიზეზია თავად მონიტორინგის კავშირი",
        ),
        "incident.device": Name("{cause} does not answer", "{cause} არ პასუხობს"),
        "incident.service": Name("{cause} does not work ({what})", "{cause} არ მუშაობს ({what})"),
        "incident.link": Name("{cause} is down", "{cause} გათიშულია"),
        "incident.circuit": Name("{cause} ({circuit}) is down", "{cause} ({circuit}) გათიშულია"),
        "incident.hides_one": Name(
            "{count} device behind can't be reached", "მის უკან მიუწვდომელია {count} მოწყობილობა"
        ),
        "incident.hides": Name(
            "{count} devices behind can't be reached", "მის უკან მიუწვდომელია {count} მოწყობილობა"
        ),
        # lines of an incident's timeline
        "opened": Name("opened", "გაიხსნა"),
        "opened.why": Name("opened: {why}", "გაიხსნა: {why}"),
        "more": Name("now also hit: {subjects}", "ახლა ეხება აგრეთვე: {subjects}"),
        "less": Name("no longer hit: {subjects}", "აღარ ეხება: {subjects}"),
        "acknowledged": Name("acknowledged", "მიღებულია"),
        "closed.maintenance": Name("closed: maintenance began", "დაიხურა: დაიწყო სამუშაოები"),
        "closed.part": Name(
            "closed: part of another incident - {summary}",
            "დაიხურა: სხვა ინციდენტის ნაწილია – {summary}",
        ),
        "closed.up": Name("closed: up again", "დაიხურა: კვლავ მუშაობს"),
        "closed.gone": Name("closed: not in the model", "დაიხურა: მოდელში აღარ არის"),
        "closed.answers": Name("closed: it answers again", "დაიხურა: კვლავ პასუხობს"),
        "closed.all_answer": Name(
            "closed: devices answer again", "დაიხურა: მოწყობილობები კვლავ პასუხობს"
        ),
    }
)
