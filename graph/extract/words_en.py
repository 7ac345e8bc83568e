"""Ordinary English words: a capital on one of these says little. Counted over open texts; inflections are left out."""

from __future__ import annotations

from graph.extract.listed import words

_ENDINGS = ("s", "es", "ed", "d", "ing", "ly")
_SHORTEST = 3

COMMON = words(
    """
    abandoned abbreviated aberrant aberrations abilities ability ablation able abnormal abnormalities
    abolished aborted about above abrogated absence absent absolute absorption abundance abundant abuse
    academic accelerate accept acceptable acceptance access accessibility accessible accessories accident
    acclaim accompanied accompanying accomplishments accordance according account accumulate accumulation
    accuracy accurate acetylation achieve achievement acid acidic acoustic acquire acquisition acre across
    act actin action activate activation activator active activist activities activity actor actress actual
    acute adaptation adapter adaptive add addition additional address adenocarcinoma adequate adherence
    adhesion adipocytes adipose adjacent adjust adjustment adjuvant admin administered administration
    administrative admission admitted adopt adoption adorable adult adulthood advance advantage adventure
    adverse advertising advice advisor aerobic affect affiliate affinity affordable afraid after again
    against age agencies agenda agent aggregate aggregation aggressive agile aging ago agonist agree
    agreement agriculture ahead aid aim air aircraft airline airway aka album albumin alcohol alert algorithm
    algorithmic alias align alignment alive all allele allocated allocation allow almost alone along
    alongside alpha already alright also alt alter alteration alternate alternative although always amateur
    amazing amino among amongst amount amplification amplified amyloid analysed analyses analysis analytics
    analyze anaphase anatomical anatomy anchor ancient and anemia angiogenesis animal animated animation
    anniversary annotation announced annual anonymous another answer antagonist anterior anti antibiotic
    antibodies antibody anticancer antigen antimicrobial antioxidant antiquity antiretroviral antitumor
    antiviral anxiety any anymore anyone anything anywhere aortic apart apartments apolipoprotein apologize
    apoptosis apoptotic app apparatus apparent appear appearance applicable application applied applies
    appointed appreciate approach appropriate approval approved approximately arbitrary architect
    architectural architecture archive archivist are area aren argue argument arise arm around arrange
    arrangement array arrest arrow art arterial arteries artery arthritis article artifacts artificial artist
    artistic aside ask aspect assay assemble assembly assess assessment asset assign assignment assist
    assistance assistant associate association assume asthma astrocytes asymmetric asymptomatic async
    asynchronous athletes atmosphere atomic atoms attach attachment attack attempt attendance attendee
    attention attenuated attenuates attenuation attorney attractions attractive attributable attribute
    atypical audience audio audit augmented authentication author authorities authority auto autoimmune
    autoimmunity autologous automatic automatically automation autonomous autophagic autophagy autosomal
    availability available average avoid awarded aware awareness away awesome axis axonal bachelor back
    backbone backend background backlinks backlog backup backward bacteria bacterial bad baker balance ball
    bamboo band bank banner bar barrier basal base baseball baseline basement basic basis basketball bass
    bassist batch battle beam bean bear beat beautiful beauty became because become bed been beer before
    began begin beginner beginning begun behavior behavioral behaviour behind being belief believe bell
    belong below beneficial benefit benign best bet beta better between beyond bias bid bidirectional big
    bigger biggest bile billing billion binary bind biochemical biogenesis biographical biography biological
    biology biomarker biomedical biophysical biopsies biopsy biosynthesis birth bit bitterness black blast
    blinded block blockade blog blogger blogging blood blot blue blunt board boat bodies body boilerplate
    bond bone bonus book booklet bookmark boom boost bootleg bootstrapping border born both bots bottom
    bought bound boundaries bowel box brain brainstorming branch brand brave breach break breakdown
    breakthrough breast breathtaking breed bridge brief bright bring broad broadcast broader broke broken
    bronze brother brought browser brush bucket budding budget buffer bug bugfix build builder built bulk
    bullet bunch bundle burden burial buried bus business businessman busy but button buy bypass cabinet
    cable cache cake calcium calculate calendar call calm came camera camp campaign campus can canal cancer
    candidate cannot canonical canvas capabilities capability capable capacity capital capsules capture car
    carbon carcinogenesis carcinoma cardiac cardio cardiomyocytes cardiovascular cards care career careful
    caribou carried carriers carries carry cartoons cascade case cast casual cat catalog catalogue catalyst
    catalytic catch categories categorize category caught causal cause celebrate celebrity cell cellular
    census centered centers central centres centuries century ceramic cerebral cerebrospinal ceremony
    cerevisiae certain certified cervical chain chair chairman challenge champions chance change channel
    chapter character characteristic characterize charge charity chart charter chat cheapest check checklist
    checkout checkpoint chef chemical chemistry chemokine chemotherapy chess child childhood children chili
    chill choice cholesterol choose chose chosen chromatin chromosomal chromosome chronic chronological
    chronology cigarettes cinema circadian circle circuit circuitry circular circulating circulation
    circumference circumstances cited cities citizen city civil claim clap clarify class classic classical
    classification classified classify clean cleanse clear clearance clearer cleavage click client climate
    clinic clinical clinicians clip clipboard clock clonal clone close closer cloth cloud club cluster cmd
    coach code codon coffee cognition cognitive coherence cohort cold coli colitis collaborate collaboration
    collaborative collagen collapse collect collection collective colon colonial colonies colony color
    colorectal column combat combination combine come comedian comedy comfort comfortable comic command
    comment commentary commercial commitment committed common communicate communication communities community
    compact companies companion company comparable comparative compare comparison compartment compatibility
    compatible compensation compete competition competitive compilation compiled compiler compiling
    complement complementary complete completion complex complexity compliance compliant complicated
    complication component compose composer composite composition compound comprehensive comprise
    computational computed computer computing concentration concept conceptual concern concert conclude
    conclusion concomitant concurrent condition conditional conduct confer conferences confidence config
    configuration confined confirm conflict conformation conformational confounding congenital conjunction
    connect connection connector conquer conscious consecutive consensus consequence consequently
    conservation conservative conserved consider considerable considerably consideration consistent console
    consolidated const constant constitute constitutive constraints construct construction constructive
    constructor consultation consume consumer consumption contact contain container contemporary content
    context continually continuation continue continuity continuous contract contrast contribute contribution
    contributor control controlled controller controlling controversial convenience convenient conventional
    conversation conversational conversion convert converter cookie cooking cool cooperation cooperative
    coordinate coordination copies copy copyright cord core corner coronary correct correction correlate
    correlation corresponding cortex cortical cosmic cost couch could count counterpart counties countries
    country couple course cousin cover coverage crack crash crates crazy create creatinine creation creative
    creativity creator credit crew crime crisis criteria criterion critic critical cross crowd crucial crypto
    cryptographically cryptography crystal ctrl cues culmination cultivate cultural culture cumulative
    curated curating curation current curriculum curve custom customer customizable customize cut cute cutter
    cycle cyclic cyclin cytochrome cytokine cytokinesis cytometry cytoplasm cytoplasmic cytoskeletal
    cytoskeleton cytosolic cytotoxic cytotoxicity daemon daily damage dance dark darker dash dashboard data
    database dataset date daughter day deacetylase dead deadline deal death debate debugger debut decade
    decentralized decide decision declarative declared decline decoder decoration decorative decrease
    dedicated dedication deep deeper default defeat defect defective defending defense deferred deficiency
    deficient deficits define definitely definition definitive degeneration degradation degree dehydrogenase
    del delay delegate delegation deletion delicious delight delineation deliver delivery demand dementia
    demo demographic demonstrate den dendritic dense density departments departure depend dependence
    dependent depleted depletion deposition depression deprivation depth derivation derivative des
    descendants descent describe description design designated designer desire desk desktop despite
    destination destroy destruction detach detail detect detectable detection determinant determination
    determine dev develop developer development developmental device diabetes diabetic diagnosed diagnoses
    diagnosis diagnostic diagram dialog diameter diastolic dictionary did didn die diet dietary diff differ
    difference different differential differentiate difficult difficulties difficulty diffusion digital
    dilemma dimension diminished direct direction director directorial directories directory dirty disability
    disappearing disc discharge discontinued discover discoveries discovery discrete discrimination discuss
    discussion disease disorder dispensable display disrupt disruption dissemination dissociation distal
    distance distant distillation distinct distinctive distinguish distress distributed distributing
    distribution distributor districts disturb div divergent diverse diversified diversity divide divisions
    doc dock document documentaries documentary documentation does doesn dog doing domain domestic dominant
    dominated don done donor dorsal dosage dose double doublet doubt down download downregulated
    downregulation downstream downtime downtown dozens draft drag drama dramatic dramatically draw drawn
    dream drift drink drive driven driver drop dropped drug drummer drums dry dual ductal due duo duplicate
    duplication durability duration during dying dynamic dynamically dynasty dysfunction dysregulation each
    earlier earliest early earn earth ease easier easiest easily east easy eat eclectic ecological economic
    economy ecosystem ectopic edge edit editable edition editor education educational educator effect
    effective effectiveness effector efficacy efficiency efficient effort egg eight eighth either elderly
    elected election electric electrical electron electronic elegans elegant element elevated elevation
    elevator elicit eligible eliminate elimination elite elongation else elsewhere elucidate elusive email
    embed embedded embryo embryogenesis embryonic emerge emergence emergency emoji emotion emotional emphasis
    emphasize empirical employees empower empty enable encode encoder encompasses encompassing encounter
    encourage encouragement encrypted encryption encyclopedia end endemic endless endocrine endocytosis
    endogenous endometrial endoplasmic endothelial endothelium endpoint enemy energy engage engagement engine
    engineered engineering engineers enhance enhancement enhancer enjoy enjoyable enormous enough enriched
    enrichment enrolled enrollment ensemble ensure enter enterprise entire entitled entrepreneur entry env
    envelope environment environmental enzymatic enzyme ephemeral epic epidemic epidermal epigenetic episode
    epithelial epithelium eponymous equal equipment equivalent era error escape especially essence essential
    establish establishment estate estimate estimation estrogen etc ethnic ethnicity etiology eukaryotes
    eukaryotic evaluate evaluation even event eventually ever evergreen every everyday everyone everything
    everywhere evidence evident evolution evolutionarily evolutionary evolve exact examination examine
    example excellent except exception excess excessive exchange excitatory excited exciting excluded
    excluding exclusion exclusive executable executed executes execution executive exercise exert exhibit
    exhibitor exist existence exit exogenous exome exon expand expansion expect expectations expenditure
    expense expensive experience experiment experimental expert expertise explain explanation explicit
    exploited exploration exploratory explore explorer export expose exposure expressed expressing expression
    expressive extend extensible extension extensive extent external extra extracellular extract extraction
    extreme eye fabric face facilitate facilities facility fact factor fade fail failure fake falciparum fall
    fallen false familial familiarity families family famous fan fancy fantasy far fascinating fashion fast
    faster fastest fat fatal fate father fatty favor favorable favorite fear fearless feasibility feasible
    feature fed feed feedback feel feet fell fellow felt female fetal fever few fewer fibroblast fibrosis
    fiction fictional field fifth fight fighter figure filament file fill film filmmaker filter filtration
    final financial find finder fine finish fire firm first fish fission fit fitness five fix flag flash
    fleeting flex flexibility flexible flight floor flow flower fluid fluorescence fluorescent flux fly foam
    focal focus fold folder folk follicular follow follower font food foot football footballer for forced
    forces foreign forever forget fork form formal format formation former formulations forum forward fought
    found foundation founder four fourth fraction fractional fragment frame framework franchise free freedom
    freezing frequencies frequency frequent fresh friend friendship frog from front frontman fruit fuel
    fulfilling full fully fun function functional functionality fundamental funded funding fungi funny
    further fusing fusion future gain game gamma gap gas gastric gate gateway gathers gave gender gene
    general generalized generate generation generative generators generic genetic genetically genome genomic
    genotype genre genuinely genus geographic geographical geography geology germ germline gestation
    gestational get getting giant girl girlfriend give given glad glass glial glioblastoma global glomerular
    glow glucose glutamate goal god goes going gold gone gonna good gorgeous got goto govern government grade
    gradient gradually graduate grammar granted graph graphical grass grateful great greater greatest green
    greener grew grid gross ground group grow grown growth guest guidance guide guidelines guinea guitar
    guitarist guns gut guys habit habitat hack hacker had hair half hallmark hallucinations hand handbook
    handle handy hang happen happiness happy hard hardcore harder hardware harm harmony harness has hash
    hassle hate have haven hazard head headache header headless headquartered headquarters healing health
    healthcare healthier healthy hear heart heat heavily heavy height held helicase help helper helpful
    hematopoiesis hematopoietic hemoglobin hence hepatic hepatitis hepatocellular her here heroes
    heterogeneity heterogeneous heterozygous hidden hierarchical hierarchy high higher highest highlight hike
    him himself hint hip hippocampal hippocampus hire his histone historian historic historical history hit
    hobbies hold holistic home homeless homeostasis homeostatic homepage homocysteine homolog homologous
    homology homozygous honest honor hop hope hopefully hormonal hormone horror horse hospital host hot
    hotkey hour house household how however http hub huge huh human humanity hundred hunt husband hybrid
    hybridization hydrogen hypertension hypertensive hypothesis hypoxia ice idea ideal identical
    identification identified identifies identify identity iframe ignore iii ill illness illustrate
    illustration image imagine img immature immediate immersive immune immunity immunization immunoglobulin
    immunological immunotherapy impact impaired impairment impairs implement implementation implicate
    implications implies imply importance important imports impossible impressive improve improvement
    inability inactivation inactive inadequate inbox inception incidence incident include inclusion income
    incomplete incorporate incorporation incorrect increase incredible incredibly incubation indeed
    independence independent index indicate indication indicative indicator indices indie indirect individual
    indoor induce inducible inducted induction industrial industry inexpensive infant infarction infected
    infection infectious infer infiltration infinite inflammation inflammatory influence influential influx
    info inform informal information informative infra infrastructure infusion inhabitants inherent
    inheritance inherited inhibit inhibition inhibitor inhibitory initial initiate initiation initiative
    injected injection injured injuries injury ink inline innate inner innovative innovator input inserting
    inside insight insightful inspiration inspire instability installation installer installment instance
    instant instead institution instrument instrumental insufficient insulin insurance intact intake integer
    integral integrate integration integrative integrin integrity intellectual intelligent intended intense
    intensity intensive intention intentional inter interact interaction interactive intercellular
    interceptor interest interface interference interferon interior interlace interleukin interlude
    intermediate internal international internet interplay interpretation interpreter intersection
    interstitial interval intervention interview intestinal into intracellular intravenous intrinsic intro
    introduce introduction intuitive invasion invasive inventory inverse invest investigate investigation
    investigators investment invited involve involvement ion iron irrespective irreversible isbn ischemic isn
    isoform isolate isolation issue item iteration iterative its itself jazz job join joint journal
    journalist journey joy joyful judge junction just keep kept kernel key keyboard kidney kill killer kinase
    kind kinda kinetic king kissing knee knew knockdown knockout know knowledge known kudos lab label
    laboratory lack lactate land landmark landscape language large larger largest laser last late latency
    latent later lateral latest latter launch launcher law lawyer layer laying layout lazy lead leader
    leadership leaflet lean learn learnings least leave led left leg legal length lesion less lesser lesson
    let lethal letter leukemia leukocyte level lib libraries library libretto licence license lies life
    lifecycle lifespan lifestyle lifetime lifting ligand ligase ligation light lightning lightweight like
    likelihood limit line lineage linear link linkage linter lipid lipoprotein liquid list listen listener
    lit literally literary literature little live liver load local localization localized localizes locate
    location loci locus log logging login logistic logo logout long longer longest longevity longitudinal
    look lookup loop loosely lose loss lost lot loud love low lower lowest luciferase luck lucky lung lymph
    lymphocyte lymphoid lymphoma lyrics lysine machine machinery macrophage macros made magazine magic
    magical magnetic magnitude mail main mainstream maintain maintenance major majority make maker makeup
    malaria male malignancies malignancy malignant mammalian mammals mammary manage management manager manga
    manifest manifestations manipulation manner manual manufactured manufacturer manufacturing many map
    mapped mapping marble marked marker market marketplace marking marks markup marriage married marrow
    martial mass massive master mastery match material maternal math mathematical matrix matter maturation
    mature maximal maximize maximum may maybe mean meaningful meant measurable measure measurement mechanical
    mechanics mechanism mechanistic medal media median mediate mediator medical medication medicine medieval
    meditation medium meet meetings meetup melanoma mellitus melody member membership membrane memories
    memorize memory men mental mentioned merge merger mesenchymal mesh message messenger messy met metabolic
    metabolism metabolite metadata metal metastases metastasis metastatic method methodology methylated
    methylation metric metropolitan mice micro microarray microbial microdosing microscopy microtubule might
    migrate migration mild miles milestone milieu military milk million mimic min mindful mindfulness mine
    mineral mini minimal minimalist minimalistic minimize minimum minor minority minute mirror miss mission
    mistakes mitochondria mitochondrial mitosis mitotic mix mixture mobile mobility mockups mod mode model
    moderate moderation modern modest modification modified modifier modify modular modulate modulation
    modulators module molecular molecule moment money monitor monkey monoclonal monocyte mononuclear month
    mood morbidity more morning morphogenesis morphological morphology mortality most mother motif motility
    motion motivate motivation motor mountain mouse mouth move movement movie much mucosa mucosal
    multicellular multicenter multidisciplinary multifunctional multimedia multiplayer multiple multivariable
    multivariate municipality murder murine muscle museum music musical musician must mutagenesis mutant
    mutated mutation mutual myeloid myeloma myocardial myself mystery naive name narrow nation nationally
    native natural nature navigate near nearby neat necessarily necessary neck necrosis need negative
    neighborhood neighboring neither neonatal neoplasia neoplastic nerve nervous nested net network neural
    neurogenesis neurological neuron neuronal neuroscientist neutral neutralizing neutrophil never new
    newsletter newspaper next nice niche nickname nicotine night nine ninth nitric node noise nominated
    nomination non noncoding none nor normal northeast northwest nostalgic not notable notably note notebook
    nothing notice notify novel novelist novo now nuclear nuclei nucleosome nucleotide nucleus null number
    numerous nutrient nutrition nutritional oak obese obesity object objective obligation obscure observable
    observation observational observe obstructive obtain obvious occasional occasions occupied occur occurred
    occurrence occurring odds off offer office official offline offset often oil okay old older oldest once
    oncogene oncogenic one ongoing online only onset onto ontologies open openness opera operate operation
    operational operator opinion opinionated opportunities opportunity opposed opposite opposition optical
    optimal optimize option oral orbiter order ordinary organ organelles organic organism organization
    organize orientation origin original originate oscillations osteoblasts osteoporosis other otherwise our
    ourselves out outbreak outcome outdoor outer outlet outline output outside outstanding ovarian over
    overall overcome overexpressed overexpression overlapping overview overweight overwhelming owing own
    owner ownership oxidase oxidation oxidative oxide oxidized oxygen pack package packet pad page paid pain
    painted painter painting pair pairwise pancreas pancreatic panel paper papillomavirus paradigm parallel
    parametric parasite parent parental parish part partial participant participate participation particle
    particular parties partition partner partnership party pass passage passenger passion passionate passport
    password past patch patent path pathogen pathogenesis pathogenic pathological pathologies pathology
    pathway patient pattern pay peace peaceful peak pen pending people peptide per perceived percent
    percentage perception perfect perform performance performant perhaps period peripheral permanent
    permission permit persist persistence persistent person personal personality personalized perspective pet
    pharmacologic phase phenomena phenomenon phenotype phenotypic philosopher philosophical philosophy phone
    phosphatase phosphate phosphorylated photo photograph photographer photography phylogenetic physical
    physician physicist physics physiological physiology physique pianist piano pic pick picture piece pillar
    pilot pioneer pitch pivotal pixel place placebo placental plan plane planned planning plant plaque plasma
    plasmid plasticity plate platelet platform play player playful playground playwright please pleiotropic
    plot plotting plug pluggable plugin pluripotency pluripotent plus podcast poet poetry point pointer
    polarity polarization polarized police policies policy political politician politics pollen polymer
    polymerase polymorphism polypeptide pomo pool poor pop popular popularity population populous porn port
    portable portal portfolio portion portrait portrayal portrayed pose position positive positivity possess
    possibility possible possibly post posterior postmenopausal postnatal potent potential power powerful
    practical practice pragmatic preceded precise precision preclinical precursor predict prediction
    predictive predictor predominant prefer preference preferentially preferred prefix pregnancies pregnancy
    pregnant preliminary premature premiere preparation prepare prescribed presence present presentation
    preservation preserve presidential pressure presumably prettier pretty prevalence prevalent prevent
    prevention preventive preview previous price primarily primary prime primer primitive principal principle
    print prior prioritize priority prison private pro probability probably problem procedural procedure
    process processor produce producer product production productive productivity professional profile profit
    profound progenitor progeny prognosis prognostic program programmable programmatically programme
    programmer progress progression progressive project proliferation proliferative prolonged prominence
    prominent promise promote promoter promotion promotional prompting pronounced proof proper properties
    property prophylaxis proportion proportional propose prose prospective prostate protease proteasome
    protect protection protective protein proteolytic protocol prototype proud prove proven provide provider
    provinces provision proximal proximity proxy psychiatric psychological psychology psychosocial pub public
    publication publish publisher pulling pulmonary pulse purchase pure purification purified purpose pursue
    push put putative putting puzzle pyramid quality quantified quantify quantitative quantity quantum
    quarter queen queries query quest question questionnaire queue quick quicker quiescent quit quite race
    radiation radical radio rail railroad rain raise ran random randomised randomized range rank rap
    rapamycin rapid rapper rare rat rate rather ratio rational rationale raw reach reaction reactive read
    readability reader readily readme ready real reality realize realtime rearrangements reason reasonable
    rebase recall receive receiver recent receptor recipient reclaim recognised recognition recognize
    recombinant recombination recommend recommendation reconnect record recovery recreate recruit recruitment
    recurrence recurrent recurring red redefining redirect redo reduce reduction refactoring refer reference
    referred referring refined reflect reflection reform refresh regard regardless regeneration regenerative
    regex regimen region register registration registry regression regular regulate regulation regulator
    regulatory reign rejected rejection relapse relate relation relationship relative relax relaxation
    release relevance relevant reliability reliable relief relies religion religious relocated rely remain
    remainder remake remarkable remarkably remember remind reminder remixes remodeling remodelling remote
    removal remove renal renamed render renewed renowned rent reorganization repair repeat repeatable
    repertoire repetition replace replacement replay replicate replication replicative report reporter repos
    repositories repository represent representation representative repression repressive repressor reproduce
    reproduction reproductive reprogrammed reprogramming reputation request require requirement rescue
    research researchers resection resembles resembling reside residence resident residential residual
    residue resistance resistant resolution resolve resonance resource respect respective respiratory respond
    response responsibility responsible responsive responsiveness rest restaurant restoration restore
    restricted restriction result retail retain retention reticulum retinal retired retirement retrieved
    retro retrospective return reveal revenue reverse reversible review reviewer revised revolt revolutionary
    revolutionize rewarding rhythm ribosomal ribosome rich ride right ring rise risk rival river road roadmap
    robot robust rock rocket rodents role roll rollback romantic room root rough round route router routine
    rule ruler run running runtime runway rural sad safe safest safety said sale salt same sample sampler
    satellite satisfaction satisfying saturation save savings saw say scaffold scale scene schedule schema
    scheme schizophrenia scholar schools science scientific scientists sclerosis scope score scraping screen
    screenplay screenshot screenwriter screenwriting script sea sealed seamless search searchable season seat
    second secondary secret secretion secretory section secure see seek seem seen segment segregation select
    selection selective self sell send sender senescence senior sense sensitive sensitivity sensor sensory
    sent separate separation sepsis sequel sequence serial series serine serious serum serve server
    serverless service session set setting settlement setup seven seventh several severe severity sex sexual
    shade shadows shape share sharp she sheep sheet shell shelter shift ship shock shook shopping short
    shortcuts shortened shorter shot should show showcase shown shrooms side sidebar sign signal signalling
    signature significance significant signup silence silent silver similar similarities similarity simple
    simplest simplicity simplified simplifies simply simulate simulation simultaneous since singer singing
    single sister sit sitcom site sitemap sitting situ situated situation six sixth size skeletal skill skin
    skipping slab slate slave sleep slender slice slide slightly slow slower small smaller smallest smart
    smarter smoke smokers smooth snake snap snapshot snippets soap social society sodium soft software sold
    soldiers sole solid solo soluble solution solve somatic some someday someone something sometime somewhat
    somewhere son song songwriter soon soothing sorry sort sought soul sound soundtrack source south
    southeast southeastern southwest space spaceship spam span spanning sparse spatial spatiotemporal speak
    special specialist specialized specializing specialty species specific specifically specification
    specificity specified specimens spectrometry spectrum speech speed speedy spell spend spent sperm spike
    spinal spindle spine spirit spiritual spirituality spleen splice split spoke sponge sponsored sponsorship
    spontaneous sporadic spore sport spot spread spring spy squamous square stability stabilization stable
    stack stage stained staining stand standalone standard standardized star starred starring start starter
    state statement static station statistical statistics status stay stem step steroid still stimulate
    stimulation stimuli stimulus stochastic stock stoked stomach stop stopped stopping storage store stories
    story storyline storytelling straight straightforward strain strand stranger strategic strategies
    strategy stratified streaks stream strength stress stretch strict striking string stroke stromal strong
    stronger strongest struct structural structure struggle student studied studies studio study stuff
    stunning stupid style sub subcellular subclass subcutaneous subgroup subject submit submitted
    subpopulation subscribed subsequent subset subsidiary substance substantial substitution substrate
    subtype subunit suburb succeed success successful succession successor such suffer sufficient sugar
    suggest suggestion suicide suitable suite summarization summarize summary summer sung sunset super
    superfamily superhero superior superoxide supervision supply support supportive supposed suppress
    suppression suppressive suppressor sure surface surgery surgical surprisingly surrounded surrounding
    surveillance survey survival survive survivors susceptibility susceptible suspected sustain sustainable
    sweet sweetness switch symbol sympathetic symptom symptomatic synapse synaptic sync synchronized
    synchronous syndrome synergistic syntax synthase synthesis synthesized synthetic system systematic
    systematically systemic systolic tab table tackle tactical tag tail take taken talent talk tall tandem
    target task taste taught tax tea teach teacher team tease tech technical technique technologies
    technology teen television tell telomere telomeric temp temperature template temporal temporary ten
    tennis tension tenth term terminal termination terminus territories test testable text textbook textual
    texture than thankful thanks that the theatrical their them theme themselves then theoretical theories
    theory therapeutic therapies therapy there thereafter thereby therefore these they thin thing think third
    thirteen this those though thought thread threat three threshold thriller through throughout throughput
    thus thymic thymus ticket tidy tied tier tight tiles tiling time timeless timeline timer tiny tip tissue
    title today todo together token told tolerance tolerated tomography tone too took tool toolbar toolbox
    toolkit top topic total touch tough tour tourist tournament toward tower town toxic toxicity toy trace
    track tract trade tradition traditional traffic trafficking trail train trait trans transaction
    transcribe transcript transcription transcriptome transduction transfected transfer transferred transform
    transformation transgenic transient transition transitional translation translational translator
    translocation transmembrane transmission transmitted transparent transplant transport transposition trap
    trauma travel traverses treat treatment tree trend triage trial tribe tried trigger triglyceride trilogy
    trim trio trip troops tropical trouble troubleshooting truck true truly trust truth try tryptophan tube
    tuberculosis tumor tumorigenesis tumour tune turn turnover tutorial tweet twelve twenty twice twin two
    type typical tyrosine ubiquitin ubiquitous ultimate ultra unable unaffected unbiased uncertain
    uncertainty unchanged unclear uncommon uncover under undergo underground underlie underlying underpinning
    understand understood undertaken underwent unexpected unfinished unidirectional unified uniform unify
    unique unit universal universe universities university unknown unless unlike unlimited unlinked
    unnecessary unofficial unprecedented unrelated unstable unsuccessful unsupervised until untreated unusual
    upcoming update upload upon upper upregulated upregulation upstream uptake urban urinary urine usage use
    useful usefulness user username using usual utility utilization utilize vaccination vaccine valid
    validate validation validity valuable value valve vanish var variability variable variance variant
    variation varied varies variety various vary vascular vasculature vast vault vector vegetables vehicle
    vein velocity velvet ventricular venture venue verb versatile version versus vertebrate very vesicles
    vessel via viability viable vibrant vicious victory video view village violence violent viral virtual
    virulence virus visceral visible vision visit visual visualization visualize visualizer vital vitamin
    vitro vivo vocal vocalist voice volume volumetric volunteers von vulnerable wait wake walk wall want war
    warranted was wasn waste watch water wave way weak wealth wearing weather web webhook website week
    weekend weight welcome well went were west what whatever when whenever where whereas whereby whether
    which while whilst white whiteboard who whole wholesale whom whose why wide wider widespread widget width
    wife wiki wild win window wine winner winning winter wip wisdom wish with within without wizard woman
    women won wonderful wooden word work worker workflow workload workout workshop workspace world worldwide
    worries worry worse worst worth would wound wow wrapper write writer written wrong wrote yeah year yeast
    yellow yes yesterday yet yield yoga you young younger youngest your yourself youth zen zero zinc zone
    """
)


def is_common(word: str) -> bool:
    """Whether a lower-case word is an ordinary one, inflected or not."""
    if word in COMMON:
        return True
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST and (stem in COMMON or f"{stem}e" in COMMON):
            return True
    return False
