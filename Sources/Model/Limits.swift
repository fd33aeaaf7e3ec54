import Base

/// Every bound of the program in one place. A bound that an operator may change is a default here
/// and a key in the configuration.
package enum Limits {
  // Catalogue and configuration
  package static let catalogueFileBytes = 16 << 20
  package static let complaints = 1_000
  package static let jsonDepth = 128
  package static let jsonNumberBytes = 512
  package static let linksPerDaemon = 100_000
  package static let probesPerLink = 16
  /// Attempts in a row that make a planned link a connected one.
  package static let plannedSuccesses = 3
  /// Links that a reload changed and that are looked at in one go.
  package static let linksSettledPerSlice = 1_000
  /// Planned days that are ended in one go; on one day there may be very many.
  package static let plannedDaysPerSlice = 256
  /// Connections remembered, those of links that are not watched now included.
  package static let connectionsRemembered = 200_000
  package static let connectionsSavedEvery = TimeAmount.seconds(1)
  /// Entries that a reload's plan lists of each sort; it counts all.
  package static let planEntries = 200
  package static let patternBytes = 1_024
  package static let patternStates = 2_048

  // The loop
  /// After so long a turn begins nothing more: what is left waits for the next one, behind what is due.
  package static let turn = TimeAmount.milliseconds(1)

  // Attempts
  package static let attemptsInFlight = 2_048
  package static let startsPerSlice = 64
  package static let tlsStartsPerSlice = 8
  package static let redirects = 5
  package static let redirectsMaximum = 20
  package static let bodyBytes = 1 << 20
  package static let bodyBytesMaximum = 64 << 20
  /// With compressed answers a body may not be larger: what unpacks to much holds the loop, a mebibyte of
  /// zeros some 4 ms.
  package static let compressedBodyBytesMaximum = 1 << 20
  /// What is longer than this must not have unpacked to so many times its size: no honest answer does.
  package static let unpackedBytesUnchecked = 256 << 10
  package static let unpackedTimesMaximum = 300
  package static let headerBytes = 64 << 10
  /// Lines of an answer's head, those of interim answers and proxies included: each costs the loop a
  /// microsecond, and libcurl takes all that have come in one go.
  package static let headerLines = 1_000
  /// libcurl gives up on a head of more than 300 KiB.
  package static let headerBytesMaximum = 256 << 10
  package static let requestBodyBytes = 1 << 20
  package static let probeTimeout = TimeAmount.seconds(10)
  package static let probeIntervalMinimum = TimeAmount.milliseconds(100)
  package static let probeIntervalMaximum = TimeAmount.hours(24)
  package static let firstProbeWithin = TimeAmount.seconds(60)
  /// When a first run that had no room is tried again.
  package static let earlyRetryEvery = TimeAmount.seconds(10)
  package static let retryEvery = TimeAmount.seconds(5)
  package static let credentialBackoffMaximum = TimeAmount.hours(1)
  package static let outcomeDetailCharacters = 64
  package static let stepsMaximum = 20
  package static let capturesPerStep = 8
  package static let captureBytes = 4 << 10
  package static let cookies = 50
  package static let cookieBytes = 4 << 10
  /// So many `Set-Cookie` headers of one answer are looked at.
  package static let setCookieHeaders = 100
  /// Shorter values of cookies are no secrets.
  package static let maskedCookieBytes = 8
  package static let noteBytes = 256
  /// One for each step of the longest transaction.
  package static let readings = stepsMaximum
  package static let readingNameBytes = 64
  package static let readingUnitBytes = 16
  /// Words of a plugin's figures that are looked at, wrong and repeated ones included.
  package static let readingWords = 256
  /// Certificates that are looked at of one server, and the largest message that they come in.
  package static let chainCertificates = 32
  package static let chainBytes = 256 << 10
  /// Further names that a certificate may be expected to be good for, and the bytes of one (RFC 1035
  /// section 2.3.4).
  package static let certificateNamesExpected = 64
  package static let hostNameBytes = 253
  /// How long a server of TLS 1.3 that asks for a certificate may take to refuse ours, or its absence.
  package static let handshakeVerdict = TimeAmount.seconds(1)
  /// Less time is not worth a second handshake.
  package static let handshakeLeast = TimeAmount.milliseconds(20)
  /// What a socket may bring an attempt in all; the longest DNS message and its length must fit.
  package static let socketBytes = 128 << 10
  /// Packets that an attempt looks at; more are a flood.
  package static let packetsLookedAt = 256
  package static let tcpAnswerBytes = 64 << 10
  package static let tcpAnswerText = 1_024
  package static let dnsRecords = 1_024
  /// CNAME records followed within an answer.
  package static let dnsAliases = 16
  package static let dnsServers = 3
  package static let dnsExpectedRecords = 64
  /// After so long a question is sent again over UDP, then after twice that.
  package static let dnsResendFirst = TimeAmount.seconds(1)
  package static let pingPackets = 20
  package static let pingIntervalMinimum = TimeAmount.milliseconds(200)
  package static let pingDataBytes = 1_400
  /// Steps of patterns that judging one answer may take, some 2 ns each: half a second of a worker.
  package static let examinationWork = 250_000_000

  // Plugins
  package static let pluginsAtOnce = 256
  package static let pluginsAtOnceMaximum = 4_096
  /// Threads that start programs: the loop does not wait for their files.
  package static let pluginStarters = 2
  /// At the end of the daemon; a program whose file does not come from the disk is not waited for longer.
  package static let pluginStarterPatience = TimeAmount.seconds(1)
  package static let pluginDirectories = 16
  package static let pluginArguments = 128
  package static let pluginVariables = 64
  /// All arguments and variables of a plugin together.
  package static let pluginTextBytes = 64 << 10
  package static let pluginOutputBytes = 64 << 10
  package static let pluginOutputBytesMaximum = 1 << 20
  /// Processes left behind that are looked at in one go: as many as programs may run. Those behind them are
  /// seen when some of these are gone.
  package static let orphansPerSweep = 4_096
  /// From the time limit and SIGTERM to SIGKILL.
  package static let pluginTerminationGrace = TimeAmount.milliseconds(30)
  /// From SIGKILL to the report of a plugin that the kernel holds.
  package static let pluginKillGrace = TimeAmount.milliseconds(25)

  /// Hosts that no link names but redirects lead to.
  package static let hostsFollowed = 1_024
  /// Warnings of one load on hosts whose links ask for more than their budget.
  package static let busyHostsTold = 20

  // Credentials
  package static let secretBytes = 64 << 10
  /// Secrets whose last days the configuration may name.
  package static let secretExpiries = 1_024
  package static let tokens = 256
  package static let tokenBytes = 16 << 10
  package static let tokenAnswerBytes = 256 << 10
  /// How long a token is used whose server does not say how long it is good for.
  package static let tokenLifetimeAssumed = TimeAmount.minutes(5)
  package static let tokenLifetimeMaximum = TimeAmount.hours(24)
  package static let tokenRefreshBefore = TimeAmount.seconds(60)
  /// After a failure no token is asked for on demand for so long, doubled with each further one.
  package static let tokenRetryFirst = TimeAmount.seconds(5)
  package static let tokenRetryLongest = TimeAmount.minutes(5)
  /// A token that a resource server refuses is given up at once, the next one not before this,
  /// doubled with each further one.
  package static let tokenRejectionFirst = TimeAmount.minutes(1)

  // Name look-ups
  package static let resolverThreads = 8
  package static let resolverQueue = 1_024
  package static let resolvedLifetime = TimeAmount.seconds(30)
  package static let unresolvedLifetime = TimeAmount.seconds(5)
  package static let resolverCacheEntries = 4_096

  // Control socket
  package static let controlConnections = 128
  package static let controlRequestHeadBytes = 16 << 10
  package static let controlRequestBodyBytes = 64 << 10
  package static let controlResponseBytes = 64 << 20
  package static let controlIdle = TimeAmount.seconds(30)
  package static let controlRequestTime = TimeAmount.seconds(10)
  package static let samplesPerAnswer = 10_000
  /// Callers that may wait for samples at a time.
  package static let samplesQuestions = 32
  /// A matrix of more is no picture any more.
  package static let matrixServices = 64
  package static let matrixConsumers = 128
  /// Hosts that the status lists, those with refusals first.
  package static let hostsPerAnswer = 200

  // The history
  /// Samples that are taken out of the ring at a time, at some 60 bytes: an eighth of an hour's, if
  /// that is more.
  package static let historySamplesAtOnce = 1 << 16

  // Reports on the past
  /// How far back there are cells of five minutes, unless the history says otherwise.
  package static let fineCellsKept = TimeAmount.hours(24 * 62)
  package static let reportPeriodMaximum = TimeAmount.hours(24 * 3_660)
  /// Cells of time and probes that are held at a time, at 32 bytes; between them a question can be
  /// cancelled.
  package static let reportCells = 1 << 19
  /// Links with one probe whose whole days are added up at once.
  package static let reportProbesAtOnce = 1_024
  /// Groups whose latencies are held at a time, at a kilobyte.
  package static let reportGroupsAtOnce = 4_096
  package static let reportRows = 10_000
  package static let seriesPoints = 1_000
  package static let seriesPointsWanted = 120
  package static let percentilesPerAnswer = 8
  package static let comparedWeeks = 4
  /// A page of an export ends behind the row that reaches this, or behind so many look-ups.
  package static let exportPageBytes = 512 << 10
  package static let exportPageWindows = 512
  package static let exportSamplesAtOnce = 512
  package static let exportCellsAtOnce = 2_048

  // Delivery
  package static let webhookTimeout = TimeAmount.seconds(10)
  package static let webhooksInFlight = 16
  package static let webhookRetryFirst = TimeAmount.seconds(1)
  package static let webhookRetryLongest = TimeAmount.minutes(5)
  package static let webhooksPerReceiver = 4
  /// Links and conditions that one webhook body lists; the alert file lists all.
  package static let webhookEntries = 200
  package static let outboxPending = 100_000
  package static let outboxPendingBytes = 256 << 20
  package static let outboxCompactBytes = 16 << 20
  package static let outboxDiskRetry = TimeAmount.seconds(5)
  package static let outboxDiskPatience = TimeAmount.seconds(3)
  /// Ended incidents that the journal keeps, and about how many bytes they may take.
  package static let endedIncidents = 1_000
  package static let endedIncidentsBytes = 4 << 20
  /// Ended incidents of earlier runs are shown for so long.
  package static let endedIncidentsShown = TimeAmount.hours(24 * 30)
  package static let outboxDamageMessages = 100
  package static let alertFilesClosed = 10_000

  // Judgement
  package static let windowSamples = 4_096
  /// Nothing is missed sooner, however often a probe runs.
  package static let noDataShortest = TimeAmount.minutes(5)
  /// Changes of a link that are counted to see whether it flaps.
  package static let flappingChanges = 32
  /// What was seen so shortly before we may have been blind counts against nobody.
  package static let forgivenBeforeBlindness = TimeAmount.minutes(15)
  /// Pairs of windows of one burn rate, and the parts in which each window is counted.
  package static let burnRatePairs = 4
  package static let burnRateParts = 12
  package static let burnRateSamples = 10
  /// How many weeks a link's own past goes back, and how many answers of them tell what is usual.
  package static let ownPastWeeks = 4
  package static let ownPastWeeksMaximum = 8
  package static let ownPastSamples = 100
  /// So many probes are asked for at a time, so that other questions come in between, and so long before
  /// the hour.
  package static let ownPastProbesAtOnce = 256
  package static let ownPastAhead = TimeAmount.minutes(10)
  /// Ended incidents that may be reopened.
  package static let incidentsReopenable = 1_000
  /// Conditions that an incident holds; of more links it holds the ids.
  package static let incidentConditions = 1_000
  /// Timeline entries of an incident: of a long one the first tenth and the newest.
  package static let incidentTimeline = 200
  /// Causes that a summary names with their counts.
  package static let incidentCausesNamed = 3
  /// Links that an incident lists with their times, beside those that it has now.
  package static let incidentMembers = 1_000
  /// Links that one entry of a timeline names.
  package static let incidentTimelineLinks = 10
  /// So many incidents are put into words in one evaluation; further ones in the next.
  package static let incidentVersionsAtOnce = 400
  /// Links that come and go make a new version no more often, and it is filed, not told.
  package static let incidentVersionsEvery = TimeAmount.seconds(5)
  /// Another main cause, or side, of an incident of several links is told no more often.
  package static let incidentNewsEvery = TimeAmount.seconds(60)
  /// Incidents are looked for no more often, and less often the more links fail.
  package static let evaluationEvery = TimeAmount.milliseconds(100)
  package static let evaluationPerBadLink = TimeAmount.microseconds(50)
  /// With more, incidents are looked for once at a time only, whatever passes meanwhile.
  package static let hurriedBadLinks = 500
  /// Probes that an incident's beginning brings forward, beside those of the canaries.
  package static let gatheringProbes = 24
  /// A daemon that stopped blind waits so long at most for the links that must fail.
  package static let mustFailAwaited = TimeAmount.minutes(2)
  /// How long before the monitor was found blind it may have been so.
  package static let blindnessLookBack = TimeAmount.hours(1)
  /// When sight returns, links are looked at anew spread over so long.
  package static let lookAnewWithin = TimeAmount.seconds(10)
  /// Links looked at on one tick for whether their samples are too old to say anything; of very many a
  /// 512th.
  package static let staleLinksPerTick = 32
  /// Those that have a younger sample are not brought forward.
  package static let gatheringFresh = TimeAmount.seconds(5)

  // The clock
  /// How often the kernel is asked whether its clock is synchronised, and how long it may not be.
  package static let clockAskedEvery = TimeAmount.seconds(60)
  package static let clockUnsynchronisedFor = TimeAmount.hours(1)

  // Maintenance and silences
  /// Windows in files, and as many that operators entered; silences.
  package static let maintenanceWindows = 500
  package static let silences = 500
  /// Those that are over are kept for the record, so long and so many of each kind.
  package static let quietKept = TimeAmount.hours(24 * 400)
  package static let quietKeptMaximum = 500
  package static let silenceLongest = TimeAmount.hours(24 * 30)
  package static let maintenanceLongest = TimeAmount.hours(24 * 31)
  package static let maintenanceLongestRecurring = TimeAmount.hours(24 * 7)
  package static let maintenanceShortest = TimeAmount.minutes(1)
  package static let noticeWorkingDaysMaximum = 60
  package static let selectorWords = 200
  package static let quietReasonCharacters = 300
  /// Of what a window or a silence hid so many are listed; all are counted.
  package static let hiddenListed = 50
  /// Open incidents, the newest, that are looked at for what is in maintenance or kept quiet.
  package static let incidentsLookedAt = 1_000
  /// Pairs of a window or silence and an open incident that are compared for one list.
  package static let coveringCompared = 20_000
  package static let quietSavedEvery = TimeAmount.seconds(1)
  package static let calendars = 64
  package static let calendarDays = 4_000

  // Rehearsals of the rules
  package static let rehearsals = 200
  /// Stretches of samples, and expectations, of one rehearsal.
  package static let rehearsalEntries = 200
  package static let rehearsalLongest = TimeAmount.hours(24 * 31)
  /// Before each rehearsal all is well for so long.
  package static let rehearsalWarmUp = TimeAmount.minutes(10)
  /// Attempts of all rehearsals of a file together: some minutes of work.
  package static let rehearsalAttempts = 10_000_000
  /// Incidents of a rehearsal that are looked at; more are counted.
  package static let rehearsalIncidents = 10_000

  // Logs
  package static let logLinesPerSecond = 200
}
