"""English words that tell what a name is, and words that are no names for all their capitals."""

from __future__ import annotations

from typing import Final

from graph.extract.listed import words

# Never the first or last word of a name, wherever they stand.
FUNCTION: Final = words("""
    a about above across actually after afterwards again against ago all almost along already also although always
    am among an and another any anybody anyone anything anyway are aren't around as at away back be because been
    before behind being below beside besides between beyond both but by can can't cannot could couldn't did didn't
    do does doesn't doing don't done down during each eg either else enough etc even ever every everybody everyone
    everything except few finally first firstly for from further generally had hadn't has hasn't have haven't
    having he he'd he'll he's hello hence her here here's hers herself hey hi him himself his how however i i'd
    i'll i'm i've ie if in indeed initially inside instead into is isn't it it'd it'll it's its itself just last
    lastly later lately let let's like likewise many maybe me meanwhile might mine more moreover most mostly much
    must my myself namely near nearly neither never nevertheless next no nobody none nor not nothing now nowadays
    of off often oh ok okay on once one only onto or originally other others otherwise our ours ourselves out
    outside over overall own perhaps please plus previously probably quite rather really recently same second
    secondly see seems several she she'd she'll she's should shouldn't similarly since so some somebody someone
    something sometimes somewhere soon still subsequently such suddenly than thank thanks that that's the their
    theirs them themselves then there there's therefore these they they'd they'll they're they've third this those
    though three through throughout thus till to today together tomorrow too toward towards two typically ultimately
    under unfortunately unless unlike until up upon us usually very via was wasn't we we'd we'll we're we've well
    were weren't what what's whatever when whenever where whereas wherever whether which while who who's whoever
    whole whom whose why with within without won't would wouldn't yeah yes yesterday yet you you'd you'll you're
    you've your yours yourself
    according apart assuming based born compared concerning considering depending despite due fig figure following
    given including regarding starring using
    """)

# What may be done to a name: at the start of a sentence these stand before names and belong to none.
VERBS: Final = words("""
    access achieve add adjust allow apply ask avoid become begin browse bring build buy call came cancel change check
    choose click clone close collect combine come compare compile complete configure connect consider contact
    convert copy create debug define delete deploy describe design develop disable discover discuss download draw
    edit enable ensure enter evaluate examine execute explain explore export extend extract fetch fill find finish
    fix follow forget fork found generate get give go got grab handle help hide host identify implement import
    improve include increase insert inspect install integrate introduce invite join keep know launch learn leave
    list listen load look love made maintain make manage map measure meet merge migrate mock modify monitor mount
    move name need note notice offer open optimise optimize order organise organize paste pay pick plan play prefer
    prepare press prevent print produce promote provide publish pull push put query read recommend record reduce
    refactor release remember remove rename render replace require reset restart return review run save say search
    select send set setup share show sign simplify skip solve speak specify spend start stop store study submit
    subscribe support switch take talk teach tell test think took track train translate try turn understand unlock
    update upgrade upload use validate verify view visit wait want was watch wear went work worked write
    """)

# These hold an office "of" something, which is the name.
ROLES: Final = words("""
    CEO CTO CFO COO VP Director Founder Co-founder Cofounder Professor Head Chairman Chair Member Author Editor
    Manager Winner Host Owner Part Most Some Many All One Each Lots List Types Kinds Version Use Number Chapter
    """)

CALENDAR: Final = words("""
    january february march april may june july august september october november december jan feb mar apr jun jul
    aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur
    thurs fri sat sun am pm bc ad bce ce utc gmt pst est cst
    """)

# Capitals of headings, templates, calendars, forms and chats; names of nothing.
JUNK: Final = CALENDAR | words("""
    spring summer autumn winter christmas easter
    kb mb gb tb kib mib gib kg km cm mm ml hz khz mhz ghz kw kwh dpi px fps usd eur gbp cny rmb
    todo todos done fixme tbd tba wip faq ps nb nota bene tldr imo imho btw fyi asap aka rip lol omg diy ok qa id
    ids url uri urls uris ui ux api apis app apps pdf ppt mr mrs ms dr prof st jr sr inc ltd co vs no nos vol ed
    eds pp fig figs ch sec min max avg sum null nan true false none void yes n/a
    english chinese french german spanish japanese italian russian dutch latin korean arabic american british
    european asian african western eastern northern southern indian canadian australian irish scottish swedish
    mexican greek roman jewish christian muslim catholic polish turkish danish norwegian portuguese
    chapter section table appendix part volume episode season step stage phase version level week day month year
    question answer example note notes tip warning error code link links overview introduction summary conclusion
    contents content index home about readme changelog license references resources further reading
    untitled title author date tags source created updated status abstract background methods results discussion
    """)

# Names that look like ordinary words or are written without spaces; only as spelled here.
TECHNOLOGIES: Final = words("""
    AWS Android Angular Ansible Anki Apache Arduino Babel Bash Bitcoin Bootstrap Chrome Chromium Clojure CSS Deno
    Discord Django Docker Eclipse Elasticsearch Electron Elixir Emacs Ethereum Excel Express Figma Firebase Firefox
    Flask Flutter Git GitHub Github GitLab Gmail GraphQL Haskell Heroku HTML HTTP HTTPS IndexedDB JSON JSX Java
    JavaScript Jekyll Jenkins Jest Jupyter Kafka Keras Kotlin Kubernetes Lisp Linux Logseq Lua Markdown Maven
    MongoDB MySQL Neovim Next.js Nginx Nix Node Node.js Notion NumPy OCaml Obsidian Oracle Pandas Perl PHP Photoshop
    PostgreSQL Postgres Prometheus Prolog PyTorch Python Qdrant Rails React Redis Redux REST Ruby Rust SQL SQLite
    SSH Safari Sass Scala Scheme Selenium Sketch Slack Solidity Spotify Svelte Swift Tailwind TCP Telegram
    TensorFlow Terraform TypeScript UDP Ubuntu Unix Vim Vue Wasm WebAssembly Webpack Windows WordPress XML YAML
    YouTube Zig Zotero iOS iPad iPhone macOS npm nginx ChatGPT OpenAI LLM LLMs NLP RAG Xcode Zettelkasten
    """)

TECHNOLOGIES_OF_TWO: Final = frozenset(
    (
        "Apple Watch", "Google Chrome", "Google Cloud", "Google Docs", "Google Drive", "Google Maps", "Google Sheets",
        "GitHub Actions", "Hacker News", "Mac OS", "Next JS", "Ruby on Rails", "Spring Boot", "Stack Overflow",
        "Tailwind CSS", "Visual Studio", "Visual Studio Code", "VS Code",
    )
)  # fmt: skip
GIVEN: Final = words("""
    Aaron Adam Adrian Alan Albert Alex Alexander Alfred Alice Allen Amanda Amy Andrea Andrew Andy Angela Ann Anna
    Anne Anthony Antonio Arnold Arthur Barack Barbara Ben Benjamin Bernard Bertrand Betty Bill Billy Bob Bobby
    Boris Brad Brandon Brian Bruce Carl Carlos Carol Caroline Catherine Charles Charlie Charlotte Chris Christian
    Christina Christine Christopher Claire Claude Craig Dan Daniel Danny Dave David Dean Deborah Denis Dennis Diana
    Diane Dick Dmitri Don Donald Donna Dorothy Douglas Duncan Ed Eddie Edgar Edward Edwin Eleanor Elena Elizabeth
    Ellen Emily Emma Eric Erik Ernest Eugene Eva Evan Florence Francis Frank Franz Fred Frederick Friedrich Gary
    George Georges Gerald Gilbert Gordon Grace Graham Greg Gregory Guy Hannah Hans Harold Harriet Harry Heather
    Heinrich Helen Henry Herbert Howard Hugh Ian Igor Immanuel Isaac Ivan Jack Jackie Jacob Jacques James Jamie Jane
    Janet Jason Jay Jean Jeff Jeffrey Jennifer Jeremy Jerry Jesse Jessica Jim Jimmy Joan Joe Joel Johann Johannes
    John Johnny Jon Jonathan Jose José Joseph Josh Joshua Juan Judith Julia Julian Julie Karen Karl Kate Katherine
    Kathleen Keith Kelly Ken Kenneth Kevin Kim Kurt Larry Laura Lauren Lawrence Lee Leo Leon Leonard Leonardo Lewis
    Linda Linus Lisa Louis Louise Lucas Lucy Ludwig Luis Luke Marc Marcus Margaret Maria Marie Marilyn Mario Marion
    Mark Martha Martin Mary Matt Matthew Maurice Max Megan Melissa Michael Michel Michelle Miguel Mike Morgan Nancy
    Nathan Neil Nicholas Nick Nicolas Nicole Niklas Nikita Noah Noam Oliver Oscar Otto Pablo Pamela Patricia Patrick
    Paul Pedro Peter Phil Philip Pierre Rachel Ralph Ray Raymond Rebecca Richard Rick Rob Robert Roberto Robin Roger
    Roland Ron Ronald Ross Roy Russell Ruth Ryan Sam Samuel Sandra Sara Sarah Scott Sean Sergei Sharon Simon Sophia
    Sophie Stanley Stefan Stephanie Stephen Steve Steven Stewart Stuart Sue Susan Sylvia Ted Terry Theodore Thomas
    Tim Timothy Tina Tobias Todd Tom Tommy Tony Tracy Tyler Victor Victoria Vincent Virginia Vladimir Walter Warren
    Wayne Wendy Wilhelm William Woody Yann Zach
    """)

PLACES: Final = words("""
    Afghanistan Africa Alabama Alaska America Amsterdam Argentina Arizona Arkansas Asia Athens Atlanta Australia
    Austria Baltimore Bangkok Barcelona Beijing Belgium Berlin Birmingham Boston Brazil Bristol Brooklyn Brussels
    Budapest Bulgaria Cairo California Cambridge Canada Chicago Chile China Chongqing Colorado Connecticut
    Copenhagen Croatia Cuba Cyprus Dallas Delaware Delhi Denmark Denver Detroit Dublin Edinburgh Egypt England
    Estonia Ethiopia Europe Finland Florida France Geneva Georgia Germany Ghana Glasgow Greece Guangzhou Hamburg
    Hangzhou Hawaii Helsinki Hollywood Hungary Iceland Idaho Illinois India Indiana Indonesia Iowa Iran Iraq Ireland
    Israel Istanbul Italy Jamaica Japan Jerusalem Kansas Kentucky Kenya Korea Kyoto Latvia Lebanon Lisbon Lithuania
    Liverpool London Louisiana Luxembourg Madrid Maine Malaysia Manchester Manhattan Maryland Massachusetts Melbourne
    Mexico Miami Michigan Milan Minnesota Mississippi Missouri Montana Montreal Moscow Mumbai Munich Nanjing Nebraska
    Nepal Netherlands Nevada Nigeria Norway Ohio Oklahoma Ontario Oregon Osaka Oslo Oxford Pakistan Paris
    Pennsylvania Peru Philadelphia Philippines Pittsburgh Poland Portugal Prague Quebec Rome Russia Scotland Seattle
    Seoul Serbia Shanghai Shenzhen Singapore Slovakia Slovenia Spain Stockholm Sweden Switzerland Sydney Syria Taipei
    Taiwan Tennessee Texas Thailand Tibet Tokyo Toronto Turkey UK USA Ukraine Utah Vancouver Venezuela Venice Vermont
    Albania Algeria Angola Armenia Azerbaijan Bahrain Bangladesh Barbados Bavaria Belarus Bolivia Bosnia Burma Cambodia
    Cameroon Catalonia Colombia Congo Crimea Ecuador Fiji Guatemala Haiti Honduras Jordan Kazakhstan Kosovo Kuwait Laos
    Libya Macedonia Malta Moldova Mongolia Montenegro Morocco Mozambique Myanmar Nicaragua Oman Panama Paraguay Qatar
    Romania Rwanda Samoa Senegal Siberia Somalia Sudan Tanzania Togo Tunisia Uganda Uruguay Uzbekistan Yemen Zambia
    Zimbabwe Minneapolis Cleveland Houston Memphis Nashville Phoenix Sacramento Leeds Sheffield Cologne Frankfurt
    Marseille Lyon Naples Turin Porto Seville Krakow Bucharest Sofia Belgrade Zagreb Tehran Baghdad Kabul Karachi
    Vienna Vietnam Wales Warsaw Washington Wisconsin Wuhan Wyoming Zurich
    """)

PLACES_OF_TWO: Final = frozenset(
    (
        "Buenos Aires", "Costa Rica", "Hong Kong", "Las Vegas", "Los Angeles", "New England", "New Jersey",
        "New Mexico", "New Orleans", "New York", "New York City", "New Zealand", "North America", "North Carolina",
        "North Korea", "Puerto Rico", "Rio de Janeiro", "San Diego", "San Francisco", "Saudi Arabia", "Silicon Valley",
        "South Africa", "South America", "South Carolina", "South Korea", "Soviet Union", "Sri Lanka", "Tel Aviv",
        "United Kingdom", "United States", "West Virginia",
    )
)  # fmt: skip
# Before a name of several words these say who is meant, and are left out: he is the same without.
ADDRESSES: Final = words("Mr Mrs Ms Dr Prof Professor Sir President Senator Rev Sen Gov")
TITLES: Final = words("""
    Mr Mrs Ms Dr Prof Professor Sir Lord Lady King Queen Prince Princess Emperor Pope Saint President Senator
    Rev Reverend Governor Judge Captain Colonel General Major Lieutenant Sergeant Admiral Baron Count Duke Rabbi
    """)
PLACE_ENDS: Final = words("""
    Airport Bay Beach Bridge Canyon City County Creek Desert District Falls Forest Hill Hills Island Islands Lake
    Mountain Mountains Ocean Park Peninsula Province River Road Sea Square State States Street Town Township Valley
    Village Avenue Kingdom Republic Cathedral Castle Palace Stadium
    """)
PLACE_STARTS: Final = words("Lake Mount Mt Fort Port North South East West New San Santa Saint St")
ORGANISATION_ENDS: Final = words("""
    Academy Agency Airlines Alliance Army Association Authority Band Bank Bureau Center Centre Church Club College
    Commission Committee Companies Company Congress Corp Corporation Council Court Department Entertainment FC
    Federation Force Foundation Fund GmbH Group Guild Hospital Inc Industries Institute Institution Laboratories
    Laboratory Labs League LLC Ltd Magazine Ministry Museum Navy Network Office Orchestra Organisation Organization
    Parliament Party Police Press Productions Records School Senate Society Studios Team Trust Union Universities
    University
    """)
# After "for" a name goes on only when it began with one of these: "Center for Research", not "Thanks for React".
BODIES: Final = words("""
    Academy Agency Association Award Center Centre Committee Council Fund Foundation Institute Movement Office
    Organisation Organization Program School Society
    """)
